#!/usr/bin/env python3
"""Compares `whippet query` with DuckDB (through duckdb-kql) on the same process events.

    cargo run --release --example generate_sample_data -- 1000000 million.ndjson
    whippet import --db million.db million.ndjson
    pip install duckdb duckdb-kql pytz
    benches/against_duckdb.py --events million.ndjson --db million.db --whippet target/release/whippet

DuckDB reads the events into a file of its own beside the store, once. A run of whippet is a whole process, opening
the store and printing CSV included; a run of DuckDB is translation and fetchall() on an open connection, with as many
threads as it likes. Runs alternate, and the best of each counts. What is printed is the ratio, and whether both
found as many rows.
"""

import argparse
import pathlib
import subprocess
import time

import duckdb
import duckdb_kql

QUERIES = [
    (
        "selective equality",
        0.3,
        'DeviceProcessEvents | where InitiatingProcessFileName =~ "sqlservr.exe"'
        ' | where FileName in~ ("cmd.exe","powershell.exe")',
    ),
    (
        "has_any over command lines",
        0.15,
        'DeviceProcessEvents | where ProcessCommandLine has_any ("whoami","xp_cmdshell","DownloadString")',
    ),
    (
        "summarize by hash",
        5.0,
        "DeviceProcessEvents | summarize dcount(DeviceId), count() by SHA1 | top 10 by count_",
    ),
]


def load(events, path, schema_table):
    connection = duckdb.connect(str(path))
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if schema_table not in tables:
        connection.execute(
            f"CREATE TABLE {schema_table} AS SELECT * EXCLUDE (Type) FROM read_json(?, "
            "format = 'newline_delimited', sample_size = -1) WHERE Type = ?",
            [str(events), schema_table],
        )
    return connection


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=pathlib.Path, required=True)
    parser.add_argument("--db", type=pathlib.Path, required=True)
    parser.add_argument("--whippet", default="target/release/whippet")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    connection = load(arguments.events, arguments.db.with_suffix(".duckdb"), "DeviceProcessEvents")

    def by_duckdb(query):
        return len(duckdb_kql.kql(connection, query).fetchall())

    def by_whippet(query):
        command = [arguments.whippet, "query", "--db", str(arguments.db), "--format", "ndjson", query]
        return subprocess.run(command, capture_output=True, check=True).stdout.count(b"\n")

    print(f"{'query':<30} {'rows':>12} {'ratio':>8} {'wanted':>8}")
    for name, wanted, query in QUERIES:
        times = {by_duckdb: [], by_whippet: []}
        rows = {}
        for _ in range(arguments.runs):
            for run in times:
                start = time.perf_counter()
                rows[run] = run(query)
                times[run].append(time.perf_counter() - start)
        best = {run: min(taken) for run, taken in times.items()}
        same = str(rows[by_whippet]) if rows[by_whippet] == rows[by_duckdb] else f"{rows[by_whippet]}≠{rows[by_duckdb]}"
        ratio = best[by_whippet] / best[by_duckdb]
        print(f"{name:<30} {same:>12} {ratio:>7.2f}× {wanted:>7.2f}×   ({best[by_whippet]*1000:.0f} ms, {best[by_duckdb]*1000:.0f} ms)")


if __name__ == "__main__":
    main()
