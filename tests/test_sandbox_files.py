"""Files on their way in and out: forms, signed addresses, downloads."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.files import read_form
from genesyscloud.sandbox.refusal import Refusal

from .areas import BOUNDARY, Desk, form

KIND = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def address(desk: Desk, **fields: Any) -> dict[str, Any]:
    return desk.ask("POST", "/uploads/recordings", {"fileName": "a b.wav", "contentType": "audio/wav", **fields})


def test_a_signed_address_takes_what_was_signed(desk: Desk):
    data = b"RIFF" + bytes(range(256))
    given = address(
        desk, contentMd5=base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        serverSideEncryption="AES256",
    )  # fmt: skip
    assert given["headers"]["x-amz-server-side-encryption"] == "AES256"
    assert desk.put(given["url"], data, {}).status == 403
    assert desk.put(given["url"], data + b"!", given["headers"]).status == 400
    bearer = {**given["headers"], "authorization": f"Bearer {desk.access_token}"}
    assert desk.put(given["url"], data, bearer).status == 400
    reply = desk.put(given["url"], data, given["headers"])
    assert (reply.status, reply.headers["etag"]) == (200, f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"')


def test_a_signed_address_is_good_for_a_while(desk: Desk):
    given = address(desk, signedUrlTimeoutSeconds=60)
    assert desk.put(given["url"].replace("Expires=1", "Expires=2"), b"x", given["headers"]).status == 403
    assert desk.put(given["url"].partition("?")[0], b"x", given["headers"]).status == 403
    assert desk.send("POST", given["url"], b"x").status == 405
    desk.clock.now += 61
    assert desk.put(given["url"], b"x", given["headers"]).status == 403
    desk.ask("POST", "/uploads/recordings", {"signedUrlTimeoutSeconds": 604_801}, status=400)


def test_forms_need_a_token_and_somebody_who_waits(desk: Desk):
    body = form({"id": "x"}, b"a,b")
    assert desk.send("POST", "/uploads/v2/contactlist", body, content_type=KIND).status == 401
    bearer = f"Bearer {desk.access_token}"
    assert desk.send("POST", "/uploads/v2/song", body, content_type=KIND, authorization=bearer).status == 404
    assert desk.send("GET", "/uploads/v2/contactlist", authorization=bearer).status == 405
    plain = desk.send("POST", "/uploads/v2/contactlist", b"a", content_type="text/csv", authorization=bearer)
    assert plain.status == 415
    broken = desk.send("POST", "/uploads/v2/contactlist", body[:-9], content_type=KIND, authorization=bearer)
    assert broken.status == 400


def test_large_files_are_taken_and_too_large_ones_not():
    desk = Desk(upload_bytes=2_000_000)
    given = address(desk)
    assert desk.put(given["url"], b"x" * 2_000_000, given["headers"]).status == 200
    assert desk.put(given["url"], b"x" * 2_000_001, given["headers"]).status == 413


def test_permissions_of_an_upload():
    desk = Desk(enforce_permissions=True)
    client = desk.client(authorizedGrantType="CLIENT-CREDENTIALS", roleIds=[])
    token = desk.token({"grant_type": "client_credentials"}, client["id"], client["secret"]).body["access_token"]
    reply = desk.send(
        "POST", "/uploads/v2/contactlist", form({}, b"a"), content_type=KIND, authorization=f"Bearer {token}"
    )
    assert reply.status == 403


def test_addresses_keep_to_the_host_that_was_asked(desk: Desk):
    bearer = f"Bearer {desk.access_token}"
    url = "https://api.mypurecloud.ie/api/v2/uploads/recordings"
    reply = desk.send("POST", url, b'{"fileName":"x"}', authorization=bearer, content_type="application/json")
    assert b"https://apps.mypurecloud.ie/uploads/signed/" in reply.body


@given(
    data=st.binary(max_size=300),
    fields=st.dictionaries(st.from_regex(r"[a-zA-Z-]{1,12}", fullmatch=True), st.text(max_size=20), max_size=4),
)
def test_forms_are_read_as_they_were_written(data: bytes, fields: dict[str, str]):
    fields.pop("file", None)
    found = read_form(KIND, form(fields, data))
    assert (found.content, found.file_name) == (data, "file.csv")
    assert found.fields == {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}


@given(st.binary(max_size=200), st.text(max_size=60), st.booleans())
def test_whatever_is_sent_is_a_form_or_refused(data: bytes, kind: str, framed: bool):
    body = f"--{BOUNDARY}\r\n".encode() + data + f"\r\n--{BOUNDARY}--".encode() if framed else data
    try:
        found = read_form(KIND if framed else kind, body).content
    except Refusal as refusal:
        found = refusal.status
    assert isinstance(found, bytes) or found in (400, 415)


def test_a_program_with_its_own_http_library() -> None:
    rows = b"Name,Phone\r\n" + b"".join(b"P%d,+1317%07d\r\n" % (at, at) for at in range(40_000))
    assert len(rows) > 600_000  # More than a request to the API may have.
    with Sandbox(seeded=3) as sandbox, urllib3.PoolManager() as http:
        address = sandbox.serve()
        bearer = {"Authorization": f"Bearer {sandbox.access_token()}"}
        body = {
            "name": "Spring",
            "columnNames": ["Name", "Phone"],
            "phoneColumns": [{"columnName": "Phone", "type": "Cell"}],
        }
        made = http.request("POST", f"{address}/api/v2/outbound/contactlists", headers=bearer, json=body).json()
        fields = {"id": made["id"], "fileType": "contactlist", "file": ("people.csv", rows, "text/csv")}
        sent = http.request("POST", f"{address}/uploads/v2/contactlist", headers=bearer, fields=fields)
        assert sent.status == 200
        path = f"{address}/api/v2/outbound/contactlists/{made['id']}"
        assert http.request("GET", f"{path}?includeSize=true", headers=bearer).json()["size"] == 40_000
        http.request("POST", f"{path}/export", headers=bearer, json={})
        http.request("GET", f"{path}/export", headers=bearer)
        uri = http.request("GET", f"{path}/export", headers=bearer).json()["uri"]
        file = http.request("GET", uri, headers=bearer)  # Follows to the signed address.
        assert (file.headers["content-type"], file.data.count(b"\r\n")) == ("text/csv", 40_001)
        given = http.request(
            "POST", f"{address}/api/v2/uploads/recordings", headers=bearer, json={"contentType": "audio/wav"}
        ).json()
        assert given["url"].startswith(address)
        assert http.request("PUT", given["url"], headers=given["headers"], body=rows).status == 200
