"""One ``ssl.SSLContext`` per settings and process, for both transports.

A context costs some 40 ms because the roots are read and parsed, so it is made for the first ``https`` URL only, and
shared by all clients with equal settings. Contexts are safe to share between threads, and survive a fork.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

    from .settings import TlsSettings

__all__ = ["ssl_context"]

_contexts: dict[tuple[TlsSettings, str, str], ssl.SSLContext] = {}
_lock = threading.Lock()


def ssl_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context for ``settings``, the same one for equal settings.

    Raises:
        ConfigurationError: a file is missing, not PEM, or needs another password.
    """
    # OpenSSL reads these two variables when it loads the system's roots.
    key = (settings, os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
    with _lock:
        context = _contexts.get(key)
        if context is None:
            context = _contexts[key] = _create(settings)
        return context


def _create(settings: TlsSettings) -> ssl.SSLContext:
    import ssl

    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"TLS: the ca_file {settings.ca_file!r} cannot be used: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif not settings.ca_file and not _has_roots(context):
        _load_certifi(context)
    if settings.cert_file:
        try:
            # An empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(settings.cert_file, settings.key_file or None, settings.key_password)
        except (OSError, ValueError) as error:
            names = f"cert_file {settings.cert_file!r}, key_file {settings.key_file!r}"
            raise ConfigurationError(f"TLS: the client certificate cannot be used ({names}): {error}") from None
    elif settings.key_file:
        raise ConfigurationError("TLS: key_file is set, but cert_file is not")
    return context


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
