"""What the login service remembers: access tokens, refresh tokens, codes, sessions of browsers, and consents.

All of it is in tables of the store, as JSON values, so that it is there again after a restart or a restore.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .store import Store, Table

__all__ = ["Token", "Tokens"]

#: Rows of a table kept before those that have expired are thrown away.
KEPT = 10_000
#: Seconds after which a use of a token is worth noting again.
NOTED = 1.0


class Token(NamedTuple):
    """Who an access token stands for.

    Attributes:
        client_id: the OAuth client that asked for it.
        expires: seconds since 1970.
        user_id: the person who logged in; empty when the client acts for itself.
        scope: what the client may do for the person.
        used: when it was last used, or made; seconds since 1970.
    """

    client_id: str
    expires: float
    user_id: str = ""
    scope: tuple[str, ...] = ()
    used: float = 0.0


class Tokens:
    """The rows, and their ends.

    Args:
        store: where they are kept.
        clock: seconds since 1970.
        revoked: told of every token that is taken back before its time.
    """

    def __init__(self, store: Store, clock: Callable[[], float], revoked: Callable[[str, Token], None]) -> None:
        self._store = store
        self._clock = clock
        self._revoked = revoked
        self._tidy_at: dict[str, int] = {}

    # --- access tokens ---------------------------------------------------------------------------

    def issue(self, client_id: str, user_id: str, scope: list[str], seconds: float) -> str:
        """Make an access token."""
        now = self._clock()
        row = {"client_id": client_id, "expires": now + seconds, "user_id": user_id, "scope": scope, "used": now}
        return self._add("oauth_tokens", row)

    def find(self, value: str) -> Token | None:
        """The token with a value, or ``None`` when it is unknown or has expired."""
        row = self._current("oauth_tokens", value)
        return None if row is None else _token(row)

    def holder(self, value: str) -> Token | None:
        """The same without a look at the clock: for a token that was found to be good a moment ago."""
        row = self._store.table("oauth_tokens").get(value)
        return None if row is None else _token(row)

    def use(self, value: str) -> None:
        """Note that a token is being used."""
        table = self._store.table("oauth_tokens")
        row, now = table.get(value), self._clock()
        if row is not None and now - row["used"] >= NOTED:
            table[value] = {**row, "used": now}

    def use_all(self) -> None:
        """Note that every token was used now."""
        table, now = self._store.table("oauth_tokens"), self._clock()
        for value in list(table):
            table[value] = {**table[value], "used": now}

    def revoke(self, value: str) -> None:
        """Take a token back; unknown ones are no error."""
        row = self._store.table("oauth_tokens").pop(value, None)
        if row is not None:
            self._revoked(value, _token(row))

    def revoke_of(self, *, user_id: str = "", client_id: str = "") -> None:
        """Take back everything that a user or a client has, refresh tokens and codes included."""

        def theirs(row: dict[str, Any]) -> bool:
            return bool(user_id and row["user_id"] == user_id) or bool(client_id and row["client_id"] == client_id)

        for name in ("oauth_refresh_tokens", "oauth_codes"):
            table = self._store.table(name)
            for value in [value for value, row in table.items() if theirs(row)]:
                del table[value]
        for value in [value for value, row in self._store.table("oauth_tokens").items() if theirs(row)]:
            self.revoke(value)

    # --- refresh tokens, codes, sessions ---------------------------------------------------------

    def keep(self, table: str, seconds: float, **row: Any) -> str:
        """Keep something for a time, and return the value by which it is taken."""
        return self._add(table, {**row, "expires": self._clock() + seconds})

    def look(self, table: str, value: str) -> dict[str, Any] | None:
        """What was kept under a value, or ``None`` when its time is over."""
        return self._current(table, value)

    def drop(self, table: str, value: str) -> None:
        """Forget what was kept under a value."""
        self._store.table(table).pop(value, None)

    # --- consents --------------------------------------------------------------------------------

    def consent(self, user_id: str, client_id: str, when: str) -> None:
        """Remember that a person lets a client act for them."""
        self._store.table("oauth_consents").setdefault(f"{user_id} {client_id}", when)

    def consents(self, user_id: str) -> dict[str, str]:
        """The clients that may act for a person, and since when."""
        rows = self._store.table("oauth_consents").items()
        return {key.partition(" ")[2]: when for key, when in rows if key.partition(" ")[0] == user_id}

    # --- rows ------------------------------------------------------------------------------------

    def _add(self, name: str, row: dict[str, Any]) -> str:
        table = self._store.table(name)
        if len(table) >= self._tidy_at.get(name, KEPT):
            self._tidy(table)
            # What is left may all be in force: it is not to be looked through again at every login.
            self._tidy_at[name] = max(KEPT, 2 * len(table))
        value = secrets.token_urlsafe(48)
        table[value] = row
        return value

    def _tidy(self, table: Table) -> None:
        now = self._clock()
        for value in [value for value, row in table.items() if row["expires"] <= now]:
            del table[value]

    def _current(self, name: str, value: str) -> dict[str, Any] | None:
        row = self._store.table(name).get(value)
        return row if row is not None and row["expires"] > self._clock() else None


def _token(row: dict[str, Any]) -> Token:
    return Token(row["client_id"], row["expires"], row["user_id"], tuple(row["scope"]), row["used"])
