"""A script for the vendor's package, which runs on both sides unchanged: small programs, and what came of each.

usage: run.py URL RESULTS [NAME…] — results is a file of JSON lines, one per scenario.
"""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import json
import sys

import bodies
import calls
import clients
import errors
import logins
import settings
import shapes
from common import SCENARIOS, URL

assert all((bodies, calls, clients, errors, logins, settings, shapes))


def main(results, *chosen):
    with open(results, "w", encoding="utf-8") as out:
        for name, run in SCENARIOS.items():
            if chosen and name not in chosen:
                continue
            try:
                found = run()
            except Exception as error:
                found = ["the scenario failed", type(error).__name__, str(error)]
            text = json.dumps({"name": name, "found": found}, default=str)
            out.write(text.replace(URL, "http://server").replace(URL.split("//")[1], "server") + "\n")


if __name__ == "__main__":
    main(*sys.argv[2:])
