"""Every operation is called over a socket, sync and async, by its attribute; requests and replies fit the definition.

The clients are strict: a reply that needs the lenient path fails the test. The sandbox refuses requests that do
not fit the definition.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from genesyscloud import AsyncGenesysCloud, ClientCredentials, GenesysCloud, codec
from genesyscloud.catalog import OperationRecord, catalog
from genesyscloud.sandbox import Sandbox

IN_FLIGHT = 16
OPTIONS: dict[str, Any] = {"strict": True, "retry": False, "deprecation_warnings": False}


def _arguments(sandbox: Sandbox, record: OperationRecord) -> dict[str, Any]:
    """A valid call, its body as a model where there is one."""
    example = sandbox.example_call(record.name)
    arguments = dict(example.arguments)
    if record.body:
        arguments["body"] = codec.decode(codec.encode(example.body), record.body, strict=True)
    return arguments


def _problem(record: OperationRecord, value: Any) -> str:
    """What is wrong with a result, or an empty string."""
    if record.result.startswith("#"):
        cls = codec.decode(b"{}", record.result).__class__
        return "" if isinstance(value, cls) else f"{record.name}: {type(value).__name__} is no {record.result}"
    if not record.result:
        return "" if value is None else f"{record.name}: a result where none is promised: {value!r:.80}"
    return "" if value is not None else f"{record.name}: no result"


def test_every_operation_sync() -> None:
    problems: list[str] = []
    with Sandbox() as sandbox:
        auth = ClientCredentials("sandbox", "sandbox")
        with GenesysCloud(auth=auth, region=sandbox.serve(port=0), **OPTIONS) as gc:
            for record in catalog().operations():
                try:
                    bound = getattr(getattr(gc, record.groups[0]), record.name)
                    problems.append(_problem(record, bound(**_arguments(sandbox, record))))
                except Exception as error:
                    problems.append(f"{record.name}: {type(error).__name__}: {error}")
    assert not list(filter(None, problems))
    assert len(problems) == catalog().header.operations


def test_every_operation_async() -> None:
    problems: list[str] = []

    async def work(sandbox: Sandbox, gc: AsyncGenesysCloud, records: Iterator[OperationRecord]) -> None:
        for record in records:
            try:
                bound = getattr(getattr(gc, record.groups[0]), record.name)
                problems.append(_problem(record, await bound(**_arguments(sandbox, record))))
            except Exception as error:
                problems.append(f"{record.name}: {type(error).__name__}: {error}")

    async def run(sandbox: Sandbox, address: str) -> None:
        auth = ClientCredentials("sandbox", "sandbox")
        # One after the other where they change things: what one deletes, another one may be about to read.
        reads = [record for record in catalog().operations() if record.method == "GET"]
        others = [record for record in catalog().operations() if record.method != "GET"]
        async with AsyncGenesysCloud(auth=auth, region=address, **OPTIONS) as gc:
            records = iter(reads)
            await asyncio.gather(*(work(sandbox, gc, records) for _ in range(IN_FLIGHT)))
            await work(sandbox, gc, iter(others))

    with Sandbox() as sandbox:
        asyncio.run(run(sandbox, sandbox.serve(port=0)))
    assert not list(filter(None, problems))
    assert len(problems) == catalog().header.operations
