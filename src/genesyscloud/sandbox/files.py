"""Files that programs send: forms to the upload host, and contents put at signed addresses; and files kept for them.

Two ways lead in. ``POST /uploads/v2/…`` takes a form (RFC 7578) with a token, like the ``apps`` host of a region. A
signed address takes the bare content without a token, and wants the headers that were given out with it, like the
object storage behind the service. What comes of a file is told by the area that it is for: see :func:`receiver` and
:func:`taker`. What an area made to be fetched, such as an export, is kept by :func:`keep` and read at
``/api/v2/downloads/{id}``.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from email.utils import collapse_rfc2231_value
from hashlib import md5
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import msgspec

from ..catalog import catalog
from ..http import Headers
from . import downloads
from .narrow import as_object
from .refusal import Refusal, bad_request, not_found

if TYPE_CHECKING:
    from .core import Sandbox
    from .crud import Call
    from .urls import Place

__all__ = [
    "ROOT",
    "Form",
    "content",
    "download_uri",
    "json_of",
    "keep",
    "presigned",
    "put",
    "receive",
    "receiver",
    "signed_link",
    "taker",
]

ROOT = "/uploads/"
SIGNED = "/uploads/signed/"
#: Contents at signed addresses, and files to be fetched, by id.
UPLOADS, FILES = "uploads", "files"
#: How long a signed address is good unless asked otherwise, in seconds, and the longest that can be asked for.
USUAL_SECONDS, MOST_SECONDS = 600, 604_800
#: The first bytes of gzipped content (RFC 1952), and the most that JSON in it may unpack to, in bytes.
GZIP, MOST_JSON = b"\x1f\x8b", 100_000_000
#: Fields and files of a form; more are not looked for.
MOST_PARTS = 100
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Form(NamedTuple):
    """A form with a file.

    Attributes:
        fields: the other fields, by name.
        content: the file.
        file_name: its name; empty when the form gave none.
        names: what followed the name of the receiver in the path.
        place: where it was sent.
    """

    fields: Mapping[str, str]
    content: bytes
    file_name: str
    names: Sequence[str]
    place: Place


Receiver = Callable[["Sandbox", Form], Any]
Taker = Callable[["Sandbox", str, dict[str, Any], bytes], None]

#: By the segment after ``/uploads/v2/``: the operation whose permissions are needed, and who takes the form.
RECEIVERS: dict[str, tuple[str, Receiver]] = {}
#: By kind: who is given what was put at a signed address, with its key and the details given to :func:`presigned`.
TAKERS: dict[str, Taker] = {}


def receiver(name: str, operation: str) -> Callable[[Receiver], Receiver]:
    """Register who takes forms sent to ``/uploads/v2/{name}``, and returns the reply as a JSON value.

    Args:
        name: the segment.
        operation: name of the operation of which the sender needs the permissions.
    """

    def register(function: Receiver) -> Receiver:
        RECEIVERS[name] = (operation, function)
        return function

    return register


def taker(kind: str) -> Callable[[Taker], Taker]:
    """Register who is given the contents put at signed addresses of a kind."""

    def register(function: Taker) -> Taker:
        TAKERS[kind] = function
        return function

    return register


def presigned(
    sandbox: Sandbox, call: Call, kind: str, details: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give out an address for one file, as the ``uploads`` operations do.

    Args:
        sandbox: the sandbox.
        call: the call in whose reply it is; its body may say ``fileName``, ``contentType``, ``contentMd5``,
            ``serverSideEncryption`` and ``signedUrlTimeoutSeconds``.
        kind: see :func:`taker`.
        details: what the taker is given; JSON values.
        headers: those that the sender must send, in place of what follows from the body.

    Returns:
        ``url``, ``uploadKey``, ``headers`` and ``signedUrlTimeoutSeconds``.

    Raises:
        Refusal: 400; the time is out of range.
    """
    body = as_object(call.body) or {}
    seconds = body.get("signedUrlTimeoutSeconds") or USUAL_SECONDS
    if not isinstance(seconds, int) or not 0 < seconds <= MOST_SECONDS:
        raise bad_request(
            f"signedUrlTimeoutSeconds must be from 1 to {MOST_SECONDS}.",
            code="invalid.value",
            details=[{"errorCode": "invalid.value", "fieldName": "signedUrlTimeoutSeconds"}],
        )
    named = {
        "Content-Type": body.get("contentType"),
        "Content-MD5": body.get("contentMd5"),
        "x-amz-server-side-encryption": body.get("serverSideEncryption"),
    }
    signed = dict(headers) if headers is not None else {n: str(value) for n, value in named.items() if value}
    key = _new_id(sandbox)
    name = _NAME.sub("-", str(body.get("fileName") or "file"))[:100]
    sandbox.store.table(UPLOADS)[key] = {"kind": kind, "details": dict(details), "headers": signed}
    path = f"{SIGNED}{key}/{name}"
    expires = str(int(sandbox.seconds()) + seconds)
    url = f"{sandbox.urls.base(call, 'apps')}{path}?Expires={expires}&Signature="
    url += downloads.signature(sandbox, path, expires)
    return {"url": url, "uploadKey": key, "headers": signed, "signedUrlTimeoutSeconds": seconds}


def content(sandbox: Sandbox, key: str) -> bytes | None:
    """What was put at the signed address with this key; ``None`` when nothing was."""
    row = as_object(sandbox.store.table(UPLOADS).get(key)) or {}
    sent = row.get("content")
    return None if sent is None else base64.b64decode(sent)


def put(sandbox: Sandbox, data: bytes) -> str:
    """Put content where :func:`content` finds it, as if somebody had sent it, and return its key."""
    key = _new_id(sandbox)
    row: dict[str, Any] = {"kind": "", "details": {}, "headers": {}, "content": base64.b64encode(data).decode()}
    sandbox.store.table(UPLOADS)[key] = row
    return key


def json_of(data: bytes) -> dict[str, Any] | None:
    """The JSON object that content holds, gzipped or not; ``None`` when it holds none."""
    try:
        # Wrong content may claim to be anything: what unpacks to more than this is none.
        plain = zlib.decompressobj(31).decompress(data, MOST_JSON) if data[:2] == GZIP else data
        return as_object(msgspec.json.decode(plain))
    except (zlib.error, msgspec.DecodeError, RecursionError):
        return None


def _new_id(sandbox: Sandbox) -> str:
    """An id like that of a job, but of nothing that is polled."""
    key = sandbox.store.new_job()
    del sandbox.store.jobs[key]
    return key


def keep(sandbox: Sandbox, name: str, content_type: str, data: bytes, file_id: str = "") -> str:
    """Keep a file to be fetched, and return its id for :func:`download_uri`; one with the id is replaced."""
    file_id = file_id or _new_id(sandbox)
    row = {"name": name, "type": content_type, "content": base64.b64encode(data).decode()}
    sandbox.store.table(FILES)[file_id] = row
    return file_id


def download_uri(sandbox: Sandbox, call: Call, file_id: str) -> str:
    """Where a file is fetched with a token; it leads on to a signed address."""
    return f"{sandbox.urls.base(call)}/api/v2/downloads/{file_id}"


@downloads.maker("files")
def kept_file(sandbox: Sandbox, names: Sequence[str]) -> downloads.File:
    """A file that was kept."""
    row = as_object(sandbox.store.table(FILES).get(names[0]))
    if row is None:
        raise not_found("file", names[0])
    return downloads.File(base64.b64decode(row["content"]), row["type"])


def signed_link(sandbox: Sandbox, call: Call, file_id: str) -> str:
    """Where a file is fetched without a token, for a while.

    Raises:
        Refusal: 404; there is no such file.
    """
    row = as_object(sandbox.store.table(FILES).get(file_id))
    if row is None:
        raise not_found("download", file_id)
    return downloads.link(sandbox, call, "files", file_id, row["name"])


# --- requests -----------------------------------------------------------------------------------


def receive(
    sandbox: Sandbox, method: str, place: Place, path: str, query: str, headers: Headers, data: bytes
) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Answer a request to a path under :data:`ROOT`.

    Raises:
        Refusal: it is no upload that anybody waits for.
    """
    most = sandbox.settings.upload_bytes
    if len(data) > most:
        limit = {"key": "upload.bytes.max", "namespace": "platform.api", "value": most}
        raise Refusal(413, "request.entity.too.large", f"The file is larger than {most} bytes.", limit=limit)
    if path.startswith(SIGNED):
        _only(method, "PUT")
        return _put(sandbox, path, query, headers, data)
    _, _, rest = path.partition("/uploads/v2/")
    name, *names = [unquote(segment) for segment in rest.split("/")]
    known = RECEIVERS.get(name)
    if known is None:
        raise not_found("The requested resource")
    _only(method, "POST")
    operation, take = known
    token, holder = sandbox.login.token(headers.get("authorization"))
    sandbox.login.use(token)
    sandbox.permissions.check(catalog().operation(operation), holder)
    form = read_form(headers.get("content-type", ""), data)
    reply = take(sandbox, form._replace(names=names, place=place))
    return 200, msgspec.json.encode(reply), [("Content-Type", "application/json")]


def _only(method: str, allowed: str) -> None:
    if method != allowed:
        raise Refusal(405, "method.not.allowed", f"Allowed here: {allowed}.", headers=[("Allow", allowed)])


def _put(
    sandbox: Sandbox, path: str, query: str, headers: Headers, data: bytes
) -> tuple[int, bytes, list[tuple[str, str]]]:
    downloads.check_signature(sandbox, path, query)
    if headers.get("authorization"):
        raise bad_request("The address is signed: send no Authorization header to it.", code="invalid.argument")
    key = path.removeprefix(SIGNED).partition("/")[0]
    rows = sandbox.store.table(UPLOADS)
    row = as_object(rows.get(key))
    if row is None:
        raise not_found("upload", key)
    for name, value in row["headers"].items():
        if headers.get(name) != value:
            raise Refusal(403, "signature.does.not.match", f"The header {name} must be {value!r}, as it was signed.")
    digest = md5(data, usedforsecurity=False).digest()
    if row["headers"].get("Content-MD5") not in (None, base64.b64encode(digest).decode(), digest.hex()):
        raise bad_request("The content is not what Content-MD5 says.", code="bad.digest")
    rows[key] = {**row, "content": base64.b64encode(data).decode()}
    take = TAKERS.get(row["kind"])
    if take is not None:
        take(sandbox, key, row["details"], data)
    return 200, b"", [("ETag", f'"{digest.hex()}"')]


def read_form(content_type: str, data: bytes) -> Form:
    """Read a form with one file (``multipart/form-data``).

    Raises:
        Refusal: 415; it is something else. 400; it is broken, or has no file.
    """
    from .urls import Place

    kind, parameters = _header(content_type)
    boundary = parameters.get("boundary", "").encode("utf-8", "replace")
    if kind != "multipart/form-data":
        raise Refusal(415, "unsupported.media.type", "An upload is a form: multipart/form-data.")
    pieces = (b"\r\n" + data).split(b"\r\n--" + boundary) if boundary else []
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise bad_request("The form is broken: it does not begin and end with its boundary.")
    fields: dict[str, str] = {}
    found: tuple[bytes, str] | None = None
    for piece in pieces[1 : MOST_PARTS + 1]:
        head, separator, value = piece.lstrip(b" \t").partition(b"\r\n\r\n")
        disposition = _field(head, "content-disposition") if separator else ""
        _, about = _header(disposition)
        if "filename" in about or about.get("name") == "file":
            found = value, about.get("filename", "")
        elif about.get("name"):
            fields[about["name"]] = value.decode("utf-8", "replace")
    if found is None:
        raise bad_request("The form has no file: there is no field with a file name, and none called file.")
    return Form(fields, *found, (), Place())


def _field(head: bytes, name: str) -> str:
    for line in head.decode("utf-8", "replace").split("\r\n"):
        found, _, value = line.partition(":")
        if found.strip().lower() == name:
            return value.strip()
    return ""


def _header(text: str) -> tuple[str, dict[str, str]]:
    """The value of a header and its parameters, names in small letters."""
    message = Message()
    try:
        message["content-type"] = text
        pairs = message.get_params(failobj=[], unquote=True)
    except (ValueError, UnicodeError):
        return "", {}
    texts = [(name.lower(), collapse_rfc2231_value(value)) for name, value in pairs]
    return (texts[0][0] if texts else ""), dict(texts[1:])
