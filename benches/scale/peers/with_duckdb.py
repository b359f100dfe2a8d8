"""An SQL script in DuckDB's Python module: with_duckdb.py SCRIPT NAME=VALUE..."""
import sys

import duckdb

script, *settings = sys.argv[1:]
database = duckdb.connect()
for setting in settings:
    name, value = setting.split("=", 1)
    database.execute(f"SET VARIABLE {name} = '" + value.replace("'", "''") + "'")
with open(script) as text:
    database.execute(text.read())
