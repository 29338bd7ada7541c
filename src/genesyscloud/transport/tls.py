"""One ``ssl.SSLContext`` per settings and process, for both transports.

A context costs some 40 ms because the roots are read and parsed, so it is made for the first ``https`` URL only, and
shared by all clients with equal settings as long as their files stay the same. Contexts are safe to share between
threads, and survive a fork.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, TypeAlias

from ..errors import ConfigurationError
from ..forks import hold_during_fork

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator

    from .settings import TlsSettings

__all__ = ["client_context", "ssl_context"]

_Stamps: TypeAlias = tuple[str | int, ...]
_contexts: dict[TlsSettings, tuple[_Stamps, ssl.SSLContext]] = {}
_lock = threading.Lock()
hold_during_fork(_lock)


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context for a client that is about to make its first connection, and say so if it is not safe.

    Raises:
        ConfigurationError: see :func:`ssl_context`.
    """
    if not settings.verify:
        import logging

        log = logging.getLogger("genesyscloud.transport")
        log.warning("TLS certificates are not verified (verify=False): anyone on the way can read and change data")
    return ssl_context(settings)


def ssl_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context for ``settings``, the same one for equal settings and unchanged files.

    Raises:
        ConfigurationError: a file is missing, not PEM, or needs another password.
    """
    stamps = _stamps(settings)
    with _lock:
        known = _contexts.get(settings)
        if known is not None and known[0] == stamps:
            return known[1]
        context = _create(settings)
        _contexts[settings] = stamps, context
        return context


def _stamps(settings: TlsSettings) -> _Stamps:
    """Return what changes when the files do: certificates that live for a day are replaced while a process runs."""
    # OpenSSL reads these two variables when it loads the system's roots.
    stamps: list[str | int] = [os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")]
    for name in filter(None, (settings.ca_file, settings.cert_file, settings.key_file)):
        # A file that is missing is reported where it is read.
        with contextlib.suppress(OSError):
            found = os.stat(name)
            stamps += [found.st_mtime_ns, found.st_size, found.st_ino]
    return tuple(stamps)


def _create(settings: TlsSettings) -> ssl.SSLContext:
    import ssl

    roots = _text(settings.ca_data, "ca_data")
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None, cadata=roots or None)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"TLS: {_named(settings, 'ca')} cannot be used: {_reason(error)}") from None
    context.minimum_version = ssl.TLSVersion["TLSv" + settings.minimum_version.replace(".", "_")]
    context.set_alpn_protocols(["http/1.1"])
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif not settings.ca_file and not settings.ca_data and not _has_roots(context):
        _load_certifi(context)
    if settings.cert_file or settings.cert_data:
        _identify(context, settings)
    return context


def _identify(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Have the client show its certificate."""
    cert, key = _text(settings.cert_data, "cert_data"), _text(settings.key_data, "key_data")
    try:
        with _as_file(cert) as cert_path, _as_file(key) as key_path:
            # An empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(
                settings.cert_file or cert_path, settings.key_file or key_path or None, settings.key_password
            )
    except (OSError, ValueError) as error:
        names = ", ".join(filter(None, (_named(settings, "cert"), _named(settings, "key"))))
        why = _reason(error)
        raise ConfigurationError(f"TLS: the client certificate cannot be used ({names}): {why}") from None


@contextlib.contextmanager
def _as_file(text: str) -> Generator[str]:
    """Put ``text`` where OpenSSL, which takes certificates from files only, can read it, and nobody else."""
    if not text:
        yield ""
    elif hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        descriptor = os.memfd_create("certificate")
        try:
            _write(descriptor, text)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        import tempfile

        # Made readable for its owner only.
        descriptor, path = tempfile.mkstemp()
        try:
            try:
                _write(descriptor, text)
            finally:
                os.close(descriptor)
            yield path
        finally:
            os.unlink(path)


def _write(descriptor: int, text: str) -> None:
    rest = memoryview(text.encode())
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _text(data: str | bytes, setting: str) -> str:
    try:
        return data.decode("ascii") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise ConfigurationError(f"TLS: {setting} is not PEM text") from None


def _named(settings: TlsSettings, what: str) -> str:
    """Return how a certificate or key was given; files by their name, secrets by that of their setting."""
    path = getattr(settings, f"{what}_file")
    if path:
        return f"{what}_file {path!r}"
    return f"{what}_data" if getattr(settings, f"{what}_data") else ""


def _reason(error: Exception) -> str:
    words = str(getattr(error, "strerror", None) or error).rsplit(" (_ssl.c", 1)[0]
    if "KEY_VALUES_MISMATCH" in words:
        return "the key does not belong to the certificate"
    if words == "[SSL] PEM lib":
        return "certificate or key are missing or not PEM, or the password of the key is missing or wrong"
    return words


def _has_roots(context: ssl.SSLContext) -> bool:
    import ssl

    if context.cert_store_stats()["x509_ca"]:
        return True
    # Certificates of a directory are not counted: OpenSSL looks them up one by one when it needs them.
    directory = ssl.get_default_verify_paths().capath
    return bool(directory) and any(True for _ in os.scandir(directory))


def _load_certifi(context: ssl.SSLContext) -> None:
    try:
        import certifi  # pyright: ignore[reportMissingImports]
    except ImportError:
        return
    context.load_verify_locations(certifi.where())
