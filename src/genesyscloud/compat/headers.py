"""Headers of a reply as the vendor's SDK hands them out: those of ``urllib3``, without loading it."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, MutableMapping
from typing import cast

__all__ = ["HTTPHeaderDict"]


class HTTPHeaderDict(MutableMapping[str, str]):
    """Headers by names in any case, which are printed as they came.

    >>> headers = HTTPHeaderDict([("Via", "a"), ("via", "b")])
    >>> headers, headers["VIA"], headers.getlist("via")
    (HTTPHeaderDict({'Via': 'a, b'}), 'a, b', ['a', 'b'])
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._container: dict[str, list[str]] = {}
        for name, value in pairs:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Add a line; others of the same name stay."""
        self._container.setdefault(name.lower(), [name]).append(value)

    def getlist(self, name: str) -> list[str]:
        """Return the values of all lines with that name."""
        return self._container.get(name.lower(), [name])[1:]

    getheaders = getlist
    get_all = getlist

    def iteritems(self) -> Iterator[tuple[str, str]]:
        """Yield each line."""
        for name, *values in self._container.values():
            for value in values:
                yield name, value

    def items(self) -> ItemsView[str, str]:
        """Return each line: a name that came twice is there twice."""
        return cast("ItemsView[str, str]", list(self.iteritems()))

    def itermerged(self) -> Iterator[tuple[str, str]]:
        """Yield each name once, its values joined."""
        for name, *values in self._container.values():
            yield name, ", ".join(values)

    def copy(self) -> HTTPHeaderDict:
        """Return another one with the same lines."""
        return HTTPHeaderDict(self.iteritems())

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._container[name.lower()][1:])

    def __setitem__(self, name: str, value: str) -> None:
        self._container[name.lower()] = [name, value]

    def __delitem__(self, name: str) -> None:
        del self._container[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._container

    def __iter__(self) -> Iterator[str]:
        return (values[0] for values in self._container.values())

    def __len__(self) -> int:
        return len(self._container)

    def __eq__(self, other: object) -> bool:
        if not hasattr(other, "keys"):
            return False
        pairs = cast("MutableMapping[str, str]", other)
        mine = {name.lower(): self[name] for name in self}
        return mine == {name.lower(): pairs[name] for name in pairs}

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.itermerged())})"
