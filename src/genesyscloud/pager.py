"""What the next page is, decided from the last one: paging without I/O.

The rules are functions of a :class:`~genesyscloud.catalog.Paging` record, the position that was asked for
and the reply. :class:`Pager` keeps the little that must be remembered between them. A *position* is a dict
from the wire names of parameters to their values; the empty one is the first page.

Guards, because real lists misbehave: a next page that was asked for before, a page that repeats the one before it
(:mod:`genesyscloud.repeats`), and three empty pages in a row end the list; items that a live list shows again on the
next page, because it grew at the front, are handed out once. A list that ends before its end is logged as a warning.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from . import codec
from .catalog import OperationRecord, Paging
from .errors import BadRequest, PagingError
from .names import attribute_name
from .repeats import Repeats

__all__ = ["Pager", "Position", "field", "next_position"]

Position = dict[str, Any]

#: Styles that count, so that items that come and go shift the pages.
SHIFTING = ("page", "search", "body", "scim", "history")
#: Positions that count, whatever type the definition gives them.
NUMBERS = ("pageNumber", "startIndex")
#: Some endpoints hand out a next page for ever.
MAX_EMPTY_PAGES = 3
#: What the service takes when neither the caller nor the definition says how many items a page has.
DEFAULT_SIZE = 25


# --- rules --------------------------------------------------------------------------------------


def field(value: Any, wire: str) -> Any:
    """Return a property of a reply by its wire name, whether the definition knows it or not; else ``None``."""
    fields = _mapping(value)
    if fields is not None:
        return fields.get(wire)
    found = getattr(value, attribute_name(wire), None)
    return (_mapping(getattr(value, "extra_fields", None)) or {}).get(wire) if found is None else found


def next_position(paging: Paging, asked: Position, listing: Any, items: list[Any], size: int | None) -> Position | None:
    """Return the position of the page after a page, or ``None`` when that was the last one.

    Args:
        paging: how the operation pages.
        asked: the position of the page.
        listing: the object in the reply that holds the items.
        items: its items.
        size: how many items were asked for, or ``None`` when nobody said.
    """
    main = paging.positions[0] if paging.positions else ""
    if not main:
        return None
    if paging.style == "history":
        return _before(items, asked)
    if main.rpartition(".")[2] == "pageNumber":
        number = int(asked.get(main) or 1)
        return {main: number + 1} if items and _numbers_go_on(listing, number, size) else None
    if main == "startIndex":
        start = int(asked.get(main) or 1) + len(items)
        total = field(listing, "totalResults")
        ended = not items or (isinstance(total, int) and start > total)
        return None if ended else {main: start}
    return _tokens(paging, asked, listing)


def _numbers_go_on(listing: Any, number: int, size: int | None) -> bool:
    """Whether a page follows: any of the counts may be missing, then only an empty page tells."""
    page_count = _count(listing, "pageCount")
    if page_count:
        return number < page_count
    total = _count(listing, "total", "totalHits")
    size = field(listing, "pageSize") or size
    if total and isinstance(size, int) and not field(listing, "nextUri"):
        return number * size < total
    return True


def _count(listing: Any, *names: str) -> int:
    """The first of these counts that a reply has, or 0."""
    found = next((value for name in names if (value := field(listing, name)) is not None), 0)
    return found if isinstance(found, int) else 0


def _tokens(paging: Paging, asked: Position, listing: Any) -> Position | None:
    """The tokens in a reply: a property, a member of ``cursors``, or parameters of a relative link."""
    backward = _backward(asked)
    names = ["before"] if backward else [name for name in paging.positions if name != "before"]
    token = _text(_token(names[0], backward, listing))
    if token:
        return {names[0]: _link_parameters(token).get(names[0], token)}
    in_link = _link_parameters(field(listing, "previousUri" if backward else "nextUri"))
    return {name: in_link[name] for name in names if in_link.get(name)} or None


def _backward(asked: Position) -> bool:
    return "before" in asked and "after" not in asked


def _token(name: str, backward: bool, listing: Any) -> Any:
    """The token of a reply as it came, or ``None``."""
    token = field(listing, "nextPage" if name == "q64" else name)
    return token or field(field(listing, "cursors"), "before" if backward else "after") or token


def _text(token: Any) -> str:
    """A token as the text to ask with; empty for what cannot be one. Some services count: 0 is where they began."""
    if isinstance(token, int) and not isinstance(token, bool) and token > 0:
        return str(token)
    return token if isinstance(token, str) else ""


def dead_end(paging: Paging, asked: Position, listing: Any, items: list[Any]) -> str:
    """Return what in a page without a next one speaks for more that cannot be reached, or nothing."""
    if paging.style == "history":
        return "its items have no dateCreated" if items and _before(items, {}) is None else ""
    main = next((name for name in paging.positions if name != "before"), "")
    if paging.style not in ("after", "cursor", "next_page") and main != "q64":
        return ""
    backward = _backward(asked)
    token = _token("before" if backward else main, backward, listing)
    if token is not None and not isinstance(token, str) and token is not False:
        what = token if isinstance(token, int | float) else type(token).__name__
        return f"what it gives as the token of the next page is no text ({what})"
    name = "previousUri" if backward else "nextUri"
    link = field(listing, name)
    return f"its {name} has no known parameter" if items and link and link != field(listing, "selfUri") else ""


def _link_parameters(link: Any) -> dict[str, str]:
    if not isinstance(link, str) or "?" not in link:
        return {}
    return {name: values[-1] for name, values in parse_qs(urlsplit(link).query).items()}


def _before(items: list[Any], asked: Position) -> Position | None:
    """The time of the oldest message of a page, unless it is where the page began."""
    times = [time for item in items if (time := field(item, "dateCreated")) is not None]
    if not times:
        return None
    oldest = codec.to_plain(min(times, key=lambda time: str(codec.to_plain(time))))
    return None if asked == {"before": oldest} else {"before": oldest}


# --- one iteration ------------------------------------------------------------------------------


class Pager:
    """The state of one iteration: which page is next, which items of the page in hand are still to come.

    Args:
        record: the operation.
        args, kwargs: its arguments, and ``limit``, ``page_size`` and ``resume``.

    Raises:
        PagingError: the operation does not page, or ``resume`` is not a state of this list.
    """

    def __init__(self, record: OperationRecord, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.record = record
        self.paging = _paging_of(record)
        self._parameters = {parameter.wire: parameter for parameter in record.parameters}
        self._args, self._kwargs = _by_name(record, args, kwargs)
        limit, state = self._kwargs.pop("limit", None), self._kwargs.pop("resume", None)
        size = None if "pageSize" in self._parameters or not self.paging.size else self._kwargs.pop("page_size", None)
        self._position = {wire: value for wire in self.paging.positions if (value := self._taken_out(wire)) is not None}
        given = self._taken_out(self.paging.size) if self.paging.size else None
        self._caller_size: int | None = given if size is None else size
        self._size = self._caller_size
        if "." in self.paging.size:
            # Number and size share an object, in which the service wants both.
            self._size = self._size or DEFAULT_SIZE
            self._position = {self.paging.positions[0]: 1} | self._position
        self._resumed = False
        self._following: Position | None = self._position
        self._value: Any = None
        self._items: list[Any] = []
        self._received = 0
        self._index = 0
        self._skip = 0
        self._last_id: Any = None
        self._known: set[Any] = set()
        self._ids: list[Any] = []
        self._repeats = Repeats()
        self._cut = False
        self._length: int | None = None
        self._empty = 0
        self._pages = 0
        self._remaining: int | None = None
        if state is not None:
            self.resume(state)
        self.limit(limit)

    def _taken_out(self, wire: str) -> Any:
        """Take a parameter of paging out of the caller's arguments: from now on the pager sets it."""
        if not self.paging.in_body:
            return self._kwargs.pop(self._parameters[wire].name, None)
        body = self._kwargs.get("body")
        value = _inside(body, wire.split("."))
        if value is not None:
            self._kwargs["body"] = _with(body, wire.split("."), None)
        return value

    def limit(self, items: int | None) -> None:
        """Hand out at most so many items from here on."""
        if items is not None and items < 0:
            raise ValueError(f"limit must be 0 or more, not {items}")
        self._remaining = items
        if items and not self._pages and not self._resumed:
            self._size = self._lowered(items)

    def _lowered(self, limit: int) -> int | None:
        """The page size for a caller who wants no more than ``limit`` items."""
        parameter = self._parameters.get(self.paging.size)
        usual = self._caller_size or (parameter and parameter.default) or DEFAULT_SIZE
        if not self.paging.size or limit >= int(usual):
            return self._caller_size
        least = parameter.limits.minimum if parameter and parameter.limits else None
        return max(limit, int(least or 1))

    # --- asking -----------------------------------------------------------------------------------

    def request(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the call for the next page."""
        values: Position = dict(self._following or {})
        if self._size is not None:
            values[self.paging.size] = self._size
        if not self.paging.in_body:
            named = {self._parameters[wire].name: self._typed(wire, value) for wire, value in values.items()}
            return self._args, self._kwargs | named
        body = self._kwargs.get("body")
        for wire, value in values.items():
            body = _with(body, wire.split("."), value)
        return self._args, self._kwargs if body is None else self._kwargs | {"body": body}

    def _typed(self, wire: str, value: Any) -> Any:
        kind = self._parameters[wire].type
        if kind == "s":
            return str(value)
        return int(value) if kind in "il" and isinstance(value, str) and value.isdecimal() else value

    # --- receiving --------------------------------------------------------------------------------

    def receive(self, value: Any) -> None:
        """Take the reply to the last request."""
        listing, items, problem = self._unpacked(value)
        asked = self._following or {}
        if not self._pages and all(value == 1 for value in asked.values()) and len(items) < self._usual_size():
            # Should the service tell that there are more, it hands out fewer at a time than were asked for.
            self._length = len(items)
        again = self._note(listing, items)
        self._pages += 1
        self._value = value
        self._position = asked
        self._items = [] if again else items
        self._received = len(items)
        self._index = self._start(items)
        self._repeats.asked(asked)
        following = next_position(self.paging, asked, listing, items, self._length or self._size)
        self._following = None if self._cut else following
        self._empty = 0 if items else self._empty + 1
        if again:
            self._end(again)
        elif self._following is not None and self._repeats.was_asked(self._following):
            self._end("the next page is one that was there before")
        elif self._empty >= MAX_EMPTY_PAGES and self._following is not None:
            self._end(f"{MAX_EMPTY_PAGES} pages in a row were empty")
        elif following is None and not problem:
            problem = dead_end(self.paging, asked, listing, items)
        if problem:
            self._warn(problem)

    def _usual_size(self) -> int:
        # The definition has sizes that are strings.
        size = str(self._size)
        return int(size) if size.isdecimal() else DEFAULT_SIZE

    def _end(self, why: str) -> None:
        self._cut = True
        self._following = None
        self._warn(why)

    def _warn(self, why: str) -> None:
        import logging

        log = logging.getLogger("genesyscloud.paging")
        what = "went on behind" if self._following is not None else "stopped at"
        log.warning("%s: %s page %d: %s", self.record.name, what, self._pages, why)

    def _unpacked(self, value: Any) -> tuple[Any, list[Any], str]:
        """The object that holds the items, the items, and what is wrong with them."""
        whole = _list(value)
        if whole is not None:
            return None, whole, ""
        *parents, name = self.paging.items.split(".")
        for parent in parents:
            value = field(value, parent)
        found = field(value, name) if name else value
        items = _list(found)
        problem = f"{'its ' + name if name else 'the reply'} is no list" if items is None and found is not None else ""
        return value, items or [], problem

    def _note(self, listing: Any, items: list[Any]) -> str:
        """Remember the page by its items; return why it is the end, or nothing."""
        wire = self.paging.item_id
        ids = [field(item, wire) for item in items] if wire else []
        # An identifier that occurs twice in a page does not identify (all versions of one thing, say).
        unique = bool(ids) and all(isinstance(one, str) for one in ids) and len(set(ids)) == len(ids)
        known = set(self._ids)
        self._ids = ids if unique else []
        shifting = self.paging.style in SHIFTING and self.paging.positions[:1] != ["q64"]
        self._known = known if shifting else set()
        if not items:
            return ""
        counted = self.paging.style != "history" and shifting
        # A short page is the last one, where pages are counted: it cannot go on with the same rows.
        short = counted and len(items) < self._usual_size()
        bounded = counted and _count(listing, "pageCount", "total", "totalHits", "totalResults") > 0
        return self._repeats.came(ids if unique else items, sure=unique or short, bounded=bounded)

    def _start(self, items: list[Any]) -> int:
        """The index of the first item to hand out: 0, or behind the last one of a saved state."""
        skip, last = self._skip, self._last_id
        self._skip, self._last_id = 0, None
        if last is not None and last in self._ids:
            return self._ids.index(last) + 1
        return max(0, min(skip, len(items)))

    # --- handing out ------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether nothing is left to hand out or to ask for."""
        return self._remaining == 0 or (not self.has_item() and self._following is None)

    def has_item(self) -> bool:
        """Whether the page in hand has an item that was not handed out."""
        while self._index < len(self._items) and self._ids and self._ids[self._index] in self._known:
            self._index += 1
        return self._remaining != 0 and self._index < len(self._items)

    def take(self) -> Any:
        """Hand out the next item of the page in hand."""
        item = self._items[self._index]
        self._index += 1
        if self._remaining is not None:
            self._remaining -= 1
        return item

    def take_page(self) -> Any:
        """Hand out the rest of the page in hand, as the reply that it came in."""
        items: list[Any] = []
        while self.has_item():
            items.append(self.take())
        if len(items) == self._received:
            return self._value
        if isinstance(self._value, list):
            return items
        *parents, name = self.paging.items.split(".")
        holder = self._value
        for parent in parents:
            holder = field(holder, parent)
        if isinstance(holder, dict):
            holder[name] = items
        elif holder is not None:
            setattr(holder, attribute_name(name), items)
        return self._value

    def refused(self, error: BadRequest) -> Exception:
        """Return what to raise when the service refused the next page: past the first it means the window."""
        if self._pages == 0:
            return error
        position = ", ".join(f"{name}={value}" for name, value in (self._following or {}).items())
        wrapped = PagingError(
            f"after {self._pages} pages the service refused the next one ({position}): {error.message or error.reason}."
            " Long lists end at a window: narrow the filters, split the interval, or use a scan or job operation"
        )
        wrapped.operation = self.record.name
        return wrapped

    # --- saving -----------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Where the iteration is, as text."""
        in_page = self._pages > 0 and self._behind_last() < len(self._items)
        saved: dict[str, Any] = {"operation": self.record.name, "arguments": self._fingerprint(), "size": self._size}
        if in_page:
            index = self._index
            last = self._ids[index - 1] if index and self._ids else None
            saved |= {"at": self._position, "skip": index, "last": last}
        elif self._following is None:
            saved |= {"at": None}
        else:
            saved |= {"at": self._following, "skip": self._skip, "last": self._last_id}
            saved |= {"before": before} if (before := self._repeats.saved) else {}
        if self._cut and saved["at"] is not None:
            saved["cut"] = True
        return codec.encode(saved).decode()

    def _behind_last(self) -> int:
        """The index of the next item to hand out, or the number of items."""
        index = self._index
        while index < len(self._items) and self._ids and self._ids[index] in self._known:
            index += 1
        return index

    def resume(self, state: str) -> None:
        """Go to where a saved state was."""
        try:
            saved: Any = codec.decode(state.encode())
            operation, arguments, size = saved["operation"], saved["arguments"], saved["size"]
            at = None if saved["at"] is None else self._position_in(saved["at"])
            skip, last, before = saved.get("skip") or 0, saved.get("last"), saved.get("before") or ""
            size = None if size is None else _whole(size)
            sized = size is None or self.paging.size
            if not (sized and type(skip) is int and isinstance(last, str | None) and isinstance(before, str)):
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise self._error("the saved state cannot be read: it is not one of Pages.state") from None
        if operation != self.record.name:
            raise self._error(f"the saved state is of another operation, {operation}")
        if arguments != self._fingerprint():
            raise self._error("the saved state was taken with other arguments")
        if self._pages:
            raise self._error("an iteration that has begun cannot be resumed")
        self._following, self._skip, self._last_id, self._size = at, skip, last, size
        self._cut = saved.get("cut") is True
        self._repeats.resume(before)
        self._resumed = True

    def _position_in(self, at: Mapping[str, Any]) -> Position:
        """A position that was saved; raises ValueError, TypeError or AttributeError when it is none."""
        position: Position = {}
        for wire, value in at.items():
            if wire not in self.paging.positions or not isinstance(value, str | int | float):
                raise ValueError(wire)
            position[wire] = _whole(value) if self._is_number(wire) else str(value)
        return position

    def _is_number(self, wire: str) -> bool:
        parameter = self._parameters.get(wire)
        return wire.rpartition(".")[2] in NUMBERS or (parameter is not None and parameter.type in "il")

    def _fingerprint(self) -> str:
        """What the list is a list of: the arguments without those of paging."""
        import hashlib  # costs a program that pages without saving its place some milliseconds

        plain = codec.to_plain([self._args, self._kwargs])
        return hashlib.blake2b(codec.encode(_sorted(plain)), digest_size=8).hexdigest()

    def _error(self, message: str) -> PagingError:
        error = PagingError(message)
        error.operation = self.record.name
        return error


def _paging_of(record: OperationRecord) -> Paging:
    if record.paging is not None:
        return record.paging
    if record.result.startswith("["):
        return Paging("list", "", record.result[1:])
    error = PagingError("does not page: its reply comes in one piece. Call the operation itself")
    error.operation = record.name
    raise error


def _by_name(
    record: OperationRecord, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give positional arguments their names; leave those that are wrong to be refused by the operation."""
    names = [parameter.name for parameter in record.parameters if parameter.place == "path"]
    names += ["body"] if record.body else []
    named = {name: value for name, value in kwargs.items() if value is not None}
    if len(args) > len(names) or named.keys() & set(names[: len(args)]):
        return args, named
    return (), dict(zip(names, args, strict=False)) | named


def _inside(body: Any, path: list[str]) -> Any:
    for name in path:
        body = field(body, name)
    return body


def _with(body: Any, path: list[str], value: Any) -> Any:
    """Return a copy of a body, a model or a mapping, with one value set, however deep."""
    name, *rest = path
    inner = _with(field(body, name), rest, value) if rest else value
    fields: Mapping[str, Any] | None = {} if body is None else _mapping(body)
    if fields is not None:
        others = {key: old for key, old in fields.items() if key != name}
        return others if inner is None else others | {name: inner}
    body = copy.copy(body)
    setattr(body, attribute_name(name), inner)
    return body


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(value)
    return int(value)


def _sorted(value: Any) -> Any:
    """Replace dicts by lists of pairs in one order: equal values become equal JSON."""
    fields, items = _mapping(value), _list(value)
    if fields is not None:
        return [[key, _sorted(fields[key])] for key in sorted(fields)]
    return value if items is None else [_sorted(item) for item in items]


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None


def _list(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType]
