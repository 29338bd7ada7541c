"""The coverage page: complete, true, and shown in every form."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from genesyscloud.catalog import catalog
from genesyscloud.http import Request
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.coverage import Group, Manner, coverage, html, manner_of, markdown


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture(scope="module")
def groups(sandbox: Sandbox) -> list[Group]:
    return coverage(sandbox)


def test_every_operation_is_in_it_once_per_group(groups: list[Group]):
    for group in groups:
        names = [record.name for manner in Manner for record in group.operations[manner]]
        assert sorted(names) == sorted(catalog().group(group.name).operations)
    seen = {record.name for group in groups for manner in Manner for record in group.operations[manner]}
    assert seen == set(catalog().operation_names())


@pytest.mark.parametrize(
    ("name", "manner"),
    [
        ("get_users_me", Manner.SPECIFIC),
        ("post_routing_queue_members", Manner.SPECIFIC),
        ("post_outbound_attemptlimits", Manner.GENERIC),
        ("get_outbound_attemptlimits", Manner.GENERIC),
        ("get_billing_reports_billableusage", Manner.EXAMPLE),
    ],
)
def test_known_ones(sandbox: Sandbox, name: str, manner: Manner):
    assert manner_of(sandbox, catalog().operation(name)) is manner


def test_what_is_called_example_data_forgets_and_what_is_not_remembers(sandbox: Sandbox):
    """Of the operations that create by POST, those called generic make what the listing then shows."""
    gc = sandbox.client()
    before = gc.request("GET", "/api/v2/outbound/campaignrules").value["total"]
    gc.request("POST", "/api/v2/outbound/campaignrules", json=sandbox.example_call("post_outbound_campaignrules").body)
    assert gc.request("GET", "/api/v2/outbound/campaignrules").value["total"] == before + 1


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.ids: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.targets |= {str(given["href"])[1:]} if tag == "a" else set()
        self.ids |= {str(given["id"])} if "id" in given else set()
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_its_links_lead_somewhere(groups: list[Group]):
    parser = Links()
    parser.feed(html(groups))
    assert not parser.open
    assert parser.targets == parser.ids == {group.name for group in groups}


def test_as_markdown(groups: list[Group]):
    text = markdown(groups)
    for group in groups:
        counts = " | ".join(str(group.count(manner)) for manner in Manner)
        assert f"| [{group.name}](#{group.name}) | {counts} |" in text
    assert "`get_users_me`" in text


def test_it_is_shown_by_a_running_sandbox(sandbox: Sandbox, groups: list[Group]):
    def get(query: str) -> tuple[int, str, bytes]:
        reply = sandbox.handle(Request("GET", f"/sandbox/coverage{query}", {}))
        return reply.status, reply.headers["content-type"], reply.body

    assert get("") == (200, "text/html; charset=utf-8", html(groups).encode())
    assert get("?format=markdown") == (200, "text/markdown; charset=utf-8", markdown(groups).encode())
    status, _, body = get("?format=json")
    assert (status, "get_users_me" in json.loads(body)["users"]["specific"]) == (200, True)
    assert get("?format=pdf")[0] == 400


def test_it_is_written_by_a_command(groups: list[Group]):
    command = [sys.executable, "-m", "genesyscloud.sandbox.coverage"]
    written = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert written == markdown(groups)
