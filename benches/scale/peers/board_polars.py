"""Every facility at one instant, in Polars: board_polars.py FACILITIES EVENTS INSTANT

Its latest event that has begun, unless that is over. Instants of one width order as text, so none is parsed."""
import sys

import polars as pl

facilities, events, instant = sys.argv[1:]
latest = (
    pl.scan_csv(events, schema_overrides={"event": pl.UInt32})
    .select("event", "facility", "status", "scope", "until", since="from")
    .filter(pl.col("since") <= instant)
    # Sorting ten million rows to keep a few thousand takes longer than finding each facility's last instant first.
    .filter(pl.col("since") == pl.col("since").max().over("facility"))
    .sort("event")
    .group_by("facility")
    .last()
    .filter((pl.col("status") != "open") & (pl.col("until").is_null() | (pl.col("until") > instant)))
)
said = (
    pl.when(pl.col("needs").is_null()).then(pl.lit("no-ed"))
    .when(pl.col("status").is_null()).then(pl.lit("open"))
    .when((pl.col("status") == "diverting") & pl.col("scope").is_not_null()).then(pl.lit("partial"))
    .otherwise("status")
)
board = pl.scan_csv(facilities).join(latest, on="facility", how="left").select("facility", status=said, since="since")
board.collect().write_csv(sys.stdout.buffer)
