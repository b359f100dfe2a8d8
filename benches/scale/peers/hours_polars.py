"""Hours by facility, month and status, in Polars: hours_polars.py EVENTS HORIZON

An event holds until the facility's next one, its own `until` or the horizon, whichever comes first."""
import sys
from datetime import datetime

import polars as pl

events, horizon = sys.argv[1:]
FORM = "%Y-%m-%dT%H:%M:%SZ"
horizon = pl.lit(datetime.strptime(horizon, FORM)).cast(pl.Datetime("ms"))
time = lambda name: pl.col(name).str.to_datetime(FORM, time_unit="ms")
next_one = pl.when(pl.col("facility") == pl.col("facility").shift(-1)).then(pl.col("begun").shift(-1))
told = (
    pl.scan_csv(events, schema_overrides={"event": pl.UInt32}, try_parse_dates=False)
    .select("event", "facility", "status", begun=time("from"), until=time("until"))
    .sort("facility", "begun", "event")
    .with_columns(ended=pl.min_horizontal(next_one, "until", horizon))
    .filter((pl.col("status") != "open") & (pl.col("ended") > pl.col("begun")))
    .select(
        "facility", "status", "begun", "ended",
        month=pl.col("begun").dt.truncate("1mo"),
        last=(pl.col("ended") - pl.duration(seconds=1)).dt.truncate("1mo"),
    )
    .collect()
)
seconds = lambda begun, ended: (ended - begun).dt.total_seconds().alias("seconds")
within = told.filter(pl.col("month") == pl.col("last"))
parts = [within.select("facility", "status", "month", seconds(pl.col("begun"), pl.col("ended")))]
# What reaches into other months is cut at the end of its first one, and what is left again.
rest = told.filter(pl.col("month") != pl.col("last"))
while len(rest):
    after = pl.col("month").dt.offset_by("1mo")
    ended = pl.min_horizontal("ended", after)
    parts.append(rest.select("facility", "status", "month", seconds(pl.col("begun"), ended)))
    rest = rest.with_columns(begun=after, month=after).filter(pl.col("begun") < pl.col("ended"))
(
    pl.concat(parts).lazy().group_by("facility", "month", "status").agg(pl.col("seconds").sum())
    .select("facility", pl.col("month").dt.strftime("%Y-%m"), "status", hours=(pl.col("seconds") / 3600).round(2))
    .collect().write_csv(sys.stdout.buffer)
)
