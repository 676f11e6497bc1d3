#!/usr/bin/env python3
"""Measures a hunt with all rules that ship: `whippet hunt` as whole processes, beside a query of one constant.

    benches/hunting.py --db million.db --whippet target/release/whippet

How the store is made stands in benches/README.md. Processor time of the best of several runs, in milliseconds.
"""

import argparse
import json
import resource
import subprocess


def processor_milliseconds(command, runs):
    best = None
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        best = taken if best is None else min(best, taken)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", required=True)
    parser.add_argument("--whippet", default="target/release/whippet")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()

    def measured(*command):
        return processor_milliseconds([arguments.whippet, *command, "--db", arguments.db], arguments.runs)

    listed = subprocess.run([arguments.whippet, "rule", "list", "--format", "json"], capture_output=True, check=True)
    rules = [rule["slug"] for rule in json.loads(listed.stdout)]
    bare = measured("query", "print 1")
    every = measured("hunt", "--format", "ndjson")
    print(f"a bare start        {bare:8.1f} ms")
    print(f"all {len(rules)} rules         {every:8.1f} ms, {every / len(rules):.1f} a rule, {every / bare:.1f} times a bare start")
    table = measured("hunt")
    print(f"with all chains     {table:8.1f} ms, {table / every:.1f} times as long")
    for rule in rules:
        print(f"  {rule:<50} {measured('hunt', rule, '--format', 'ndjson') - bare:8.1f} ms above a bare start")


if __name__ == "__main__":
    main()
