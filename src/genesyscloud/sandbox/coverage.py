"""How the sandbox answers each operation: with behaviour of its own, as the definition tells, or with example data.

Made from what the services registered, so it is never out of date: ``python -m genesyscloud.sandbox.coverage`` writes
it as Markdown (``--html`` as a page), and a running sandbox shows it under ``/sandbox/coverage``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ..catalog import OperationRecord, catalog
from .crud import is_example
from .services import SERVICES

if TYPE_CHECKING:
    from .core import Sandbox

__all__ = ["Group", "Manner", "coverage", "html", "manner_of", "markdown"]


class Manner(Enum):
    """How an operation is answered; the value says what that means."""

    SPECIFIC = "behaves as the service does, linked with the rest of the organization"
    GENERIC = "does what its path and method say, with what was written before: create, read, list, change, delete"
    EXAMPLE = "answers with example data that fits the definition, whatever was written before"


class Group(NamedTuple):
    """The operations of a group of the API, by how they are answered."""

    name: str
    operations: dict[Manner, list[OperationRecord]]

    def count(self, manner: Manner) -> int:
        """How many of them are answered like that."""
        return len(self.operations[manner])


def manner_of(sandbox: Sandbox, record: OperationRecord) -> Manner:
    """How an operation is answered."""
    if record.name in SERVICES:
        return Manner.SPECIFIC
    return Manner.EXAMPLE if is_example(sandbox, record) else Manner.GENERIC


def coverage(sandbox: Sandbox) -> list[Group]:
    """All groups of the API, by name."""
    source, found = catalog(), list[Group]()
    for group in sorted(source.groups(), key=lambda group: group.name):
        made = Group(group.name, {manner: [] for manner in Manner})
        for name in group.operations:
            record = source.operation(name)
            made.operations[manner_of(sandbox, record)].append(record)
        found.append(made)
    return found


def _totals(groups: Sequence[Group]) -> dict[Manner, int]:
    """Operations by manner; one that is in several groups counts once."""
    return {manner: len({record.name for group in groups for record in group.operations[manner]}) for manner in Manner}


def markdown(groups: Sequence[Group]) -> str:
    """The coverage as a page of Markdown."""
    totals = _totals(groups)
    lines = ["# What the sandbox does", ""]
    lines += [f"- **{manner.name.lower()}** ({totals[manner]} operations): it {manner.value}." for manner in Manner]
    lines += ["", "| group | specific | generic | example |", "|---|---:|---:|---:|"]
    lines += [
        f"| [{group.name}](#{group.name}) | " + " | ".join(str(group.count(manner)) for manner in Manner) + " |"
        for group in groups
    ]
    for group in groups:
        lines += ["", f"## {group.name}"]
        for manner in Manner:
            if group.operations[manner]:
                names = ", ".join(f"`{record.name}`" for record in group.operations[manner])
                lines += ["", f"{manner.name.capitalize()}: {names}"]
    return "\n".join(lines) + "\n"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What the sandbox does</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .15rem .8rem; text-align: right }}
td:first-child, th:first-child {{ text-align: left }} tr:nth-child(even) {{ background: #8882 }}
code {{ font-size: 13px }} summary {{ cursor: pointer }}
</style></head><body><h1>What the sandbox does</h1>
<dl>{manners}</dl>
<table><thead><tr><th>group</th><th>specific</th><th>generic</th><th>example</th></tr></thead>
<tbody>{rows}</tbody></table>
{groups}
</body></html>
"""


def html(groups: Sequence[Group]) -> str:
    """The coverage as a page for browsers."""
    totals = _totals(groups)
    manners = "".join(
        f"<dt><b>{manner.name.lower()}</b>, {totals[manner]} operations</dt><dd>It {escape(manner.value)}.</dd>"
        for manner in Manner
    )
    rows = "".join(
        f'<tr><td><a href="#{escape(group.name)}">{escape(group.name)}</a></td>'
        + "".join(f"<td>{group.count(manner)}</td>" for manner in Manner)
        + "</tr>"
        for group in groups
    )
    return _PAGE.format(manners=manners, rows=rows, groups="\n".join(map(_group, groups)))


def _group(group: Group) -> str:
    parts = [f'<h2 id="{escape(group.name)}">{escape(group.name)}</h2>']
    for manner in Manner:
        records = group.operations[manner]
        if records:
            items = "".join(
                f"<li><code>{escape(record.name)}</code> {record.method} {escape(record.path)}</li>"
                for record in records
            )
            title = f"{manner.name.lower()}: {len(records)}"
            parts.append(f"<details><summary>{title}</summary><ul>{items}</ul></details>")
    return "".join(parts)


def main(arguments: Sequence[str]) -> None:
    """Write the coverage to the standard output."""
    from .core import Sandbox

    groups = coverage(Sandbox())
    sys.stdout.write(html(groups) if "--html" in arguments else markdown(groups))


if __name__ == "__main__":
    main(sys.argv[1:])
