"""Files that the sandbox hands out at addresses of their own: signed, good for a while, without a token.

The address names what it leads to; the file is made when it is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, quote, unquote

from .refusal import Refusal, not_found
from .urls import IN_PROCESS_HOST

if TYPE_CHECKING:
    from .core import Sandbox
    from .crud import Call

__all__ = ["ROOT", "File", "Maker", "check_signature", "download", "link", "maker", "signature"]

ROOT = "/downloads/"
#: How long an address is good, in seconds.
LIFETIME = 3600


class File(NamedTuple):
    """A file as it is sent."""

    content: bytes
    content_type: str


Maker = Callable[["Sandbox", list[str]], File]

#: By the first segment after :data:`ROOT`: makes the file that the further ones name.
MAKERS: dict[str, Maker] = {}


def maker(kind: str) -> Callable[[Maker], Maker]:
    """Register what makes the files under ``/downloads/{kind}/``."""

    def register(function: Maker) -> Maker:
        MAKERS[kind] = function
        return function

    return register


def link(sandbox: Sandbox, call: Call | None, kind: str, *names: str) -> str:
    """The signed address of a file.

    Args:
        sandbox: the sandbox.
        call: the call in whose reply the address is.
        kind: see :func:`maker`.
        *names: what it is given.

    Example:
        >>> link(sandbox, call, "recordings", recording_id, "recording.wav")  # doctest: +SKIP
        'http://127.0.0.1:8090/downloads/recordings/…/recording.wav?Expires=…&Signature=…'
    """
    path = ROOT + "/".join(quote(name, safe="") for name in (kind, *names))
    expires = int(sandbox.settings.clock()) + LIFETIME
    base = sandbox.urls.base(call) if call is not None else sandbox.address or f"http://{IN_PROCESS_HOST}"
    return f"{base}{path}?Expires={expires}&Signature={signature(sandbox, path, str(expires))}"


def check_signature(sandbox: Sandbox, path: str, query: str) -> None:
    """See that an address was given out, and is still good.

    Raises:
        Refusal: 403; it is not signed, or was good only until some time ago.
    """
    given = parse_qs(query)
    expires, sent = (given.get(name, [""])[0] for name in ("Expires", "Signature"))
    if not compare_digest(sent.encode("utf-8", "replace"), signature(sandbox, path, expires).encode()):
        raise Refusal(403, "not.authorized", "The address of the file is not signed, or was changed.")
    if not expires.isdecimal() or int(expires) < sandbox.settings.clock():
        raise Refusal(403, "not.authorized", "The address of the file has expired: ask for another one.")


def signature(sandbox: Sandbox, path: str, expires: str) -> str:
    """What makes an address good until ``expires``, in seconds since the epoch."""
    key = blake2b(str(sandbox.settings.seed).encode("utf-8", "replace"), digest_size=32).digest()
    return blake2b(f"{path}\n{expires}".encode("utf-8", "replace"), key=key, digest_size=20).hexdigest()


def download(sandbox: Sandbox, path: str, query: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Answer a request for a file.

    Raises:
        Refusal: 403; the address is not signed, or was good only until some time ago. 404; there is no such file.
    """
    check_signature(sandbox, path, query)
    kind, *names = [unquote(segment) for segment in path.removeprefix(ROOT).split("/")]
    make = MAKERS.get(kind)
    if make is None:
        raise not_found("The file")
    file = make(sandbox, names)
    return 200, file.content, [("Content-Type", file.content_type)]
