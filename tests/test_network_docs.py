"""The examples of docs/network.md are run, one after the other, through a real nginx and a real tinyproxy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .realparts import Nginx, Tinyproxy
from .servers import Certificates, Peer, RawServer, service

DOCUMENT = Path(__file__).parents[1] / "docs" / "network.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.S | re.M)

GATEWAY = """
    ssl_certificate {own}; ssl_certificate_key {own}; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_certificate {roots}; ssl_verify_client {verify};
    location /sso/ {{ proxy_pass http://{upstream}/; }}
    location /genesys/api/ {{ proxy_pass http://{upstream}/; }}
"""


def breaking(peer: Peer) -> None:
    """A service one of whose operations is broken."""
    send = peer.reply

    def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> None:
        broken = b"/api/v2/broken" in peer.server.requests[-1]
        send(body, "503 Service Unavailable" if broken else status, *headers)

    peer.reply = reply  # type: ignore[method-assign]
    service(peer)


def test_the_examples_run(
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(BLOCKS) == 8
    folder = tmp_path_factory.mktemp("example")
    (folder / "company-roots.pem").write_bytes(Path(certificates.ca_file).read_bytes())
    (folder / "client.pem").write_bytes(Path(certificates.client_file).read_bytes())
    (folder / "client-key.pem").write_bytes(Path(certificates.client_file).read_bytes())
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_ID", "id")
    monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", "secret")
    roots, own = certificates.ca_file, certificates.server_file()
    with (
        RawServer(breaking) as server,
        Nginx(
            tmp_path_factory.mktemp("nginx"),
            GATEWAY.format(own=own, roots=roots, upstream=server.where, verify="optional"),
            tls=True,
        ) as nginx,
        Tinyproxy(tmp_path_factory.mktemp("tinyproxy"), "me", "s3cret") as proxy,
    ):
        monkeypatch.setenv("GENESYSCLOUD_REGION", server.url)
        namespace: dict[str, object] = {"__name__": "network"}
        for number, block in enumerate(BLOCKS):
            code = block.replace('"gateway.example.com", port=1443', f'"127.0.0.1", port={nginx.port}')
            code = code.replace("http://proxy.example.com:3128", proxy.url)
            exec(compile(code, f"{DOCUMENT.name}, block {number}", "exec", dont_inherit=True), namespace)
        assert len(proxy.requests) == 2
        teams = [
            line.lower() for request in server.requests for line in request.splitlines() if b"team" in line.lower()
        ]
        assert teams == [b"x-team: billing", b"x-team: support"]
    printed = capsys.readouterr().out
    assert "127.0.0.1:" in printed
    assert "/broken: closed -> open" in printed
    assert "try again in 30 s" in printed
    assert "get_users_me 1 <Request GET" in printed
    assert "c-1" in printed
