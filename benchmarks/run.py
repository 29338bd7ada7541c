"""``make bench``: measure everything that the project promises and say what was reached.

``python -m benchmarks.run VENDOR_PYTHON [part…]``; the parts are the keys of :data:`PARTS`.
"""

from __future__ import annotations

import sys

from . import analytics, calls, compat, decode, notifications, overheads, package, sandbox, startup

PARTS = {
    "startup": startup.figures,
    "compat": compat.figures,
    "decode": decode.figures,
    "calls": calls.figures,
    "overheads": overheads.figures,
    "notifications": notifications.figures,
    "sandbox": sandbox.figures,
    "analytics": analytics.figures,
    "package": package.figures,
}


def main(arguments: list[str]) -> int:
    """Run the parts and return the exit code: 1 when a bar was missed."""
    vendor, *wanted = arguments
    missed = 0
    print(f"{'figure':<56} {'measured':>10}  {'bar':>10}")
    for part in wanted or PARTS:
        for figure in PARTS[part](vendor):
            sign = "≥" if figure.at_least else "≤"
            measured, bar = f"{figure.value:.3g} {figure.unit}", f"{sign} {figure.bar:.3g} {figure.unit}"
            mark = "" if figure.reached else "  MISSED"
            missed += not figure.reached
            print(f"{figure.name:<56} {measured:>10}  {bar:>10}{mark}  {figure.note}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
