"""From an exception of a socket to an error that says what happened, where, and what to do.

Messages name host and port only: a query string or a header may hold a secret.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from typing import TYPE_CHECKING

from ..errors import (
    ConnectError,
    ConnectTimeout,
    DnsError,
    ProxyError,
    ReadError,
    ReadTimeout,
    TlsError,
    TransportError,
)

if TYPE_CHECKING:
    from ..http import Reply
    from .settings import ProxySettings

__all__ = [
    "broken",
    "connect_failed",
    "connect_timed_out",
    "pool_exhausted_text",
    "proxy_broken",
    "proxy_refused",
    "read_timed_out",
    "refusal",
]

#: What a server says that does not like the client's certificate, or the lack of one.
_CERTIFICATE_ALERT = re.compile(
    r"alert (bad certificate|certificate \w+|unsupported certificate|unknown ca|access denied|handshake failure)",
    re.IGNORECASE,
)
#: nginx ends the handshake in any case, and then says in HTML what it thinks of the certificate.
_CERTIFICATE_PAGE = re.compile(rb"No required SSL certificate was sent|The SSL certificate error")
_CERTIFICATE_HINT = "see cert_file and key_file of TlsSettings"


def connect_failed(where: str, error: Exception) -> TransportError:
    """Return the error for ``error`` raised while connecting to ``where``: nothing was sent."""
    if isinstance(error, socket.gaierror):
        return DnsError(f"the host name of {where} cannot be resolved ({reason(error)}); check region and network")
    if _ended_handshake(error):
        # Servers that are about to restart do so; it has nothing to do with certificates, and passes.
        return ConnectError(f"no connection to {where}: the server closed it in the middle of the TLS handshake")
    if _is_tls(error):
        return TlsError(f"TLS with {where} failed: {reason(error)}{_tls_hint(error)}")
    return ConnectError(f"no connection to {where}: {reason(error)}")


def connect_timed_out(where: str, seconds: float) -> TransportError:
    """Return the error for a connection that was not made in time."""
    return ConnectTimeout(f"no connection to {where} within {seconds:g} s")


def read_timed_out(where: str, seconds: float, *, whole: bool) -> TransportError:
    """Return the error for a reply that stopped, or (``whole``) did not end in the time left for the attempt."""
    if whole:
        return ReadTimeout(f"no complete reply from {where} within the {seconds:g} s left for it")
    return ReadTimeout(f"no answer from {where} within {seconds:g} s")


def broken(where: str, what: str, error: BaseException) -> TransportError:
    """Return the error for a connection that failed after the request may have left.

    Args:
        what: ``error`` in words.
    """
    # In TLS 1.3 a client takes the handshake for done before the server has looked at its certificate.
    if _is_tls(error) and _CERTIFICATE_ALERT.search(what):
        refused = TlsError(f"{where} refused the client's certificate: {what}; {_CERTIFICATE_HINT}")
        refused.sent = True
        return refused
    return ReadError(f"the connection to {where} failed before the reply was complete: {what}")


def refusal(reply: Reply, where: str, tls: bool, proxy: ProxySettings | None) -> TransportError | None:
    """Return the error for a reply that is not the service's, but that of a proxy or a TLS server on the way to it.

    Args:
        tls: whether the request went over TLS, so that a proxy cannot have answered it.
    """
    if proxy is not None and not tls and (reply.status == 407 or _is_refused_password(reply)):
        return proxy_refused(proxy.where, where, reply.status)
    if tls and reply.status in (400, 495, 496):
        found = _CERTIFICATE_PAGE.search(reply.body)
        if found and reply.headers.get("content-type", "").startswith("text/html"):
            words = found[0].decode()
            refused = TlsError(f"{where} refused the client's certificate: {words}; {_CERTIFICATE_HINT}")
            refused.sent = True
            return refused
    return None


def _is_refused_password(reply: Reply) -> bool:
    """Whether a 401 through a proxy is the proxy's own: tinyproxy's word for a password that is wrong, not missing.

    The service answers in JSON, and with an id.
    """
    html = reply.headers.get("content-type", "").startswith("text/html")
    return reply.status == 401 and html and "inin-correlation-id" not in reply.headers


def proxy_refused(proxy: str, where: str, status: int) -> TransportError:
    """Return the error for a proxy that does not let a request through."""
    hint = "; check its user and password" if status in (401, 407) else ""
    if status == 403:
        hint = "; it does not allow this host or port"
    return ProxyError(f"proxy {proxy} refused the way to {where}: status {status}{hint}", status)


def proxy_broken(proxy: str, what: str) -> TransportError:
    """Return the error for a proxy that was asked for a tunnel and did not answer as proxies do."""
    return ProxyError(f"proxy {proxy} gave no proper answer: {what}")


def pool_exhausted_text(pool_size: int, seconds: float) -> str:
    """Return the text for a call that got no connection."""
    return f"all {pool_size} connections were busy for {seconds:g} s; raise pool_size, or make fewer calls at once"


def reason(error: BaseException) -> str:
    """Return the words of the system for ``error``, without the noise around them."""
    words = str(getattr(error, "verify_message", "") or getattr(error, "strerror", "") or error)
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode and not _is_tls(error):
        # asyncio puts words of its own, with the address, in place of the system's.
        words = os.strerror(error.errno)
    # "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)": names and files of OpenSSL help nobody.
    words = re.sub(r"^\[[\w: /]+\] ", "", words.rsplit(" (_ssl.c", 1)[0])
    return words or type(error).__name__


def _is_tls(error: BaseException) -> bool:
    # ssl errors come only from a loaded ssl module; naming its classes here would load it for plain http.
    return any(cls.__module__ == "ssl" for cls in type(error).__mro__)


def _ended_handshake(error: Exception) -> bool:
    # asyncio says it with a bare ConnectionResetError.
    bare = isinstance(error, ConnectionResetError) and not error.args
    return bare or type(error).__name__ in ("SSLEOFError", "SSLZeroReturnError")


def _tls_hint(error: Exception) -> str:
    if not getattr(error, "verify_code", 0):
        return f"; {_CERTIFICATE_HINT}" if _CERTIFICATE_ALERT.search(reason(error)) else ""
    if "ostname" in reason(error) or "IP address" in reason(error):
        return "; the certificate was made for another host: check region and host"
    return "; if your network has its own roots, set ca_file of TlsSettings or the variable SSL_CERT_FILE"
