"""TLS as a user sets it up, against a real nginx: whom the client trusts, and how it identifies itself."""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from genesyscloud import ClientCredentials, GenesysCloud, TlsSettings
from genesyscloud.errors import ConfigurationError, TlsError
from genesyscloud.transport.tls import ssl_context

from .faces import Faces
from .realparts import Nginx
from .servers import Certificates

ANSWERS = """
    default_type application/json;
    location = /oauth/token { return 200 '{"access_token": "t", "expires_in": 3600}'; }
    location / { return 200 '{"id": "u", "name": "$ssl_protocol $ssl_client_s_dn"}'; }
"""
Make = Callable[..., Nginx]


@pytest.fixture
def nginx(tmp_path: Path, certificates: Certificates) -> Make:
    """Make an nginx that speaks TLS: ``nginx("ssl_protocols TLSv1.3;")``."""

    def make(*options: str, name: str = "127.0.0.1") -> Nginx:
        own = certificates.server_file(name)
        return Nginx(
            tmp_path, f"ssl_certificate {own}; ssl_certificate_key {own}; {' '.join(options)} {ANSWERS}", tls=True
        )

    return make


def demanding(certificates: Certificates) -> str:
    return f"ssl_client_certificate {certificates.ca_file}; ssl_verify_client on;"


def me(gc: Any) -> Any:
    return gc.users.get_users_me()


def refused(face: Any) -> TlsError:
    with pytest.raises(TlsError) as caught:
        face(me)
    return caught.value


# --- whom the client trusts ---------------------------------------------------------------------


def test_a_bundle_of_ones_own(faces: Faces, nginx: Make, certificates: Certificates) -> None:
    with nginx() as server:
        assert "unable to get local issuer" in str(refused(faces(region=server.url)))
        assert faces(region=server.url, tls=TlsSettings(ca_file=certificates.ca_file))(me).id == "u"
        pem = Path(certificates.ca_file).read_text()
        assert faces(region=server.url, tls=TlsSettings(ca_data=pem))(me).id == "u"
        assert faces(region=server.url, tls=TlsSettings(ca_data=pem.encode()))(me).id == "u"


def test_a_bundle_named_by_the_environment(
    faces: Faces, nginx: Make, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nginx() as server:
        monkeypatch.setenv("SSL_CERT_FILE", certificates.ca_file)
        assert faces(region=server.url)(me).id == "u"
        # What code says wins.
        other = Path(certificates.folder, "other-ca.pem")
        trustme.CA().cert_pem.write_to_path(str(other))
        refused(faces(region=server.url, tls=TlsSettings(ca_file=str(other))))
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        error = refused(faces(region=server.url))
        assert "SSL_CERT_FILE" in str(error)
        assert not error.sent


def test_a_certificate_of_another_host(faces: Faces, nginx: Make, certificates: Certificates) -> None:
    with nginx(name="other.example") as server:
        error = refused(faces(region=server.url, tls=TlsSettings(ca_file=certificates.ca_file)))
        assert "the certificate was made for another host" in str(error)


def test_verification_is_off_only_by_choice_and_says_so(
    faces: Faces, nginx: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with nginx(name="other.example") as server, caplog.at_level(logging.WARNING):
        refused(faces(region=server.url))
        assert not caplog.records
        face = faces(region=server.url, tls=TlsSettings(verify=False))
        assert face(me).id == "u"
        assert face(me).id == "u"
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("genesyscloud.transport", "WARNING")
        assert "not verified" in record.getMessage()


@pytest.mark.parametrize(
    ("offered", "minimum", "spoken"),
    [
        ("TLSv1.2", "1.2", "TLSv1.2"),
        ("TLSv1.2 TLSv1.3", "1.2", "TLSv1.3"),
        ("TLSv1.3", "1.3", "TLSv1.3"),
        ("TLSv1.2", "1.3", ""),
        ("TLSv1.1", "1.2", ""),
    ],
)
def test_the_oldest_version_that_is_spoken(
    faces: Faces, nginx: Make, certificates: Certificates, offered: str, minimum: str, spoken: str
) -> None:
    with nginx(f"ssl_protocols {offered};") as server:
        face = faces(region=server.url, tls=TlsSettings(ca_file=certificates.ca_file, minimum_version=minimum))
        if spoken:
            assert face(me).name.strip() == spoken
        else:
            error = refused(face)
            assert "version" in str(error)
            assert not error.sent


# --- how the client identifies itself -----------------------------------------------------------


def certificate_and_key(path: str) -> tuple[str, str]:
    pem = Path(path).read_text()
    start = pem.index("-----BEGIN CERTIFICATE")
    return (pem[start:], pem[:start]) if "PRIVATE KEY" in pem[:start] else (pem, pem)


def ways_to_say(path: str, folder: Path) -> list[TlsSettings]:
    """Every way to give one client certificate, which is in a file together with its key."""
    certificate, key = certificate_and_key(path)
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(key)
    return [
        TlsSettings(cert_file=path),
        TlsSettings(cert_file=str(folder / "cert.pem"), key_file=str(folder / "key.pem")),
        TlsSettings(cert_data=certificate, key_data=key),
        TlsSettings(cert_data=certificate.encode(), key_data=key.encode()),
        TlsSettings(cert_data=Path(path).read_text()),
        TlsSettings(cert_file=str(folder / "cert.pem"), key_data=key),
    ]


def test_the_right_certificate_in_every_way(
    faces: Faces, nginx: Make, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with nginx(demanding(certificates)) as server:
        for tls in ways_to_say(certificates.client_file, tmp_path_factory.mktemp("pem")):
            face = faces(region=server.url, tls=replace(tls, ca_file=certificates.ca_file))
            assert "O=trustme" in face(me).name


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("which", ["missing", "expired", "stranger"])
def test_no_certificate_that_will_do(
    faces: Faces, nginx: Make, certificates: Certificates, which: str, version: str
) -> None:
    own = "" if which == "missing" else getattr(certificates, f"{which}_file")
    with nginx(demanding(certificates), f"ssl_protocols {version};") as server:
        face = faces(region=server.url, tls=TlsSettings(ca_file=certificates.ca_file, cert_file=own))
        error = refused(face)
        assert "refused the client's certificate" in str(error)
        assert "see cert_file and key_file of TlsSettings" in str(error)
        assert server.where in str(error)
        assert error.operation == "get_users_me"


def test_an_encrypted_key(faces: Faces, nginx: Make, certificates: Certificates) -> None:
    certificate, key = certificate_and_key(certificates.client_file)
    locked = (
        serialization.load_pem_private_key(key.encode(), None)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"geheim"),
        )
        .decode()
    )
    with nginx(demanding(certificates)) as server:
        options: dict[str, Any] = {"ca_file": certificates.ca_file, "cert_data": certificate, "key_data": locked}
        assert faces(region=server.url, tls=TlsSettings(**options, key_password="geheim"))(me).id == "u"
        for wrong in ("", "falsch"):
            with pytest.raises(ConfigurationError, match="password of the key") as caught:
                faces(region=server.url, tls=TlsSettings(**options, key_password=wrong))(me)
            assert "falsch" not in str(caught.value)
            assert "BEGIN" not in str(caught.value)


def test_a_certificate_that_is_renewed_while_the_program_runs(
    nginx: Make, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("renewed") / "client.pem"
    path.write_bytes(Path(certificates.expired_file).read_bytes())
    tls = TlsSettings(ca_file=certificates.ca_file, cert_file=str(path))

    def ask() -> str:
        with GenesysCloud(auth=ClientCredentials("id", "s"), region=server.url, tls=tls) as gc:
            return gc.users.get_users_me().id or ""

    with nginx(demanding(certificates)) as server:
        with pytest.raises(TlsError):
            ask()
        path.write_bytes(Path(certificates.client_file).read_bytes())
        assert ask() == "u"


def test_a_key_of_another_certificate(certificates: Certificates) -> None:
    certificate, _ = certificate_and_key(certificates.client_file)
    _, other = certificate_and_key(certificates.stranger_file)
    with pytest.raises(ConfigurationError, match="the key does not belong to the certificate"):
        ssl_context(TlsSettings(cert_data=certificate, key_data=other))


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"minimum_version": "1.1"}, "minimum_version must be one of 1.2, 1.3"),
        ({"minimum_version": "TLSv1.2"}, "minimum_version"),
        ({"ca_file": "a", "ca_data": "b"}, "ca_file or ca_data, not both"),
        ({"cert_file": "a", "cert_data": "b"}, "cert_file or cert_data, not both"),
        ({"cert_file": "a", "key_file": "a", "key_data": "b"}, "key_file or key_data, not both"),
        ({"key_file": "a"}, "key_file is set, but neither cert_file nor cert_data"),
        ({"key_data": "a"}, "key_data is set"),
    ],
)
def test_settings_that_contradict_each_other(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        TlsSettings(**settings)


@pytest.mark.parametrize(
    "data", ["", "nonsense", b"\xff\xfe", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
@pytest.mark.parametrize("name", ["ca_data", "cert_data"])
def test_data_that_is_no_certificate(name: str, data: str | bytes) -> None:
    settings: dict[str, Any] = {name: data}
    if not data:
        assert ssl_context(TlsSettings(**settings)).verify_mode is ssl.CERT_REQUIRED
        return
    with pytest.raises(ConfigurationError, match=name):
        ssl_context(TlsSettings(**settings))


def test_secrets_are_not_shown_and_not_left_on_the_disk(certificates: Certificates) -> None:
    certificate, key = certificate_and_key(certificates.client_file)
    settings = TlsSettings(cert_data=certificate, key_data=key, key_password="geheim")
    assert "BEGIN" not in repr(settings)
    assert "geheim" not in repr(settings)
    before = set(os.listdir("/proc/self/fd"))
    ssl_context(settings)
    assert set(os.listdir("/proc/self/fd")) == before


def test_without_files_in_memory_a_key_is_on_the_disk_for_a_moment_only(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = certificate_and_key(certificates.client_file)
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    modes: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def watch(self: ssl.SSLContext, *args: Any) -> None:
        modes.extend(entry.stat().st_mode & 0o777 for entry in tmp_path.iterdir())
        load(self, *args)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watch)
    ssl_context(TlsSettings(cert_data=certificate + "\n", key_data=key))
    assert modes == [0o600, 0o600]
    assert not list(tmp_path.iterdir())


def test_threads_that_need_a_context_at_once_get_the_same_one(certificates: Certificates) -> None:
    path = Path(certificates.folder, "shared-ca.pem")
    path.write_bytes(Path(certificates.ca_file).read_bytes())
    found: list[ssl.SSLContext] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait(5)
        found.append(ssl_context(TlsSettings(ca_file=str(path))))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    os.utime(path, ns=(time.time_ns(), 1))
    assert ssl_context(TlsSettings(ca_file=str(path))) is not found[0]
