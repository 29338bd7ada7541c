"""The requests that a token may make in a minute, divided among all processes that use it.

The service counts per token. A process that knows its own requests only runs into the limit as soon as others use the
same token, so those that share a token store keep a *ledger* in it: what is allowed until when, and how much of that
has been handed out. A process takes some permits at a time and spends them without asking; the fewer are left, the
fewer it gets. What the replies tell goes into the ledger with the next question.

:func:`settle` decides, as a pure function; :class:`Allowance` asks the store. Where the end of the service's minute
is not known to the second, a request counts for both minutes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..effects import Steps
from ..errors import TokenStoreError
from ..forks import renew_after_fork
from ..ratelimit import ROUNDING, SAME_WINDOW, read_headers
from .grants import digest
from .renewal import ask

if TYPE_CHECKING:
    from ..clock import Clock
    from .tokens import SharedTokenStore

__all__ = ["Allowance", "Grant", "Ledger", "News", "settle"]

#: Seconds of the service's window, until a reply tells its end.
WINDOW = 60.0
#: Seconds before its latest end at which a window may have ended already: the header's whole seconds may be rounded up
#: as well as down, and a request takes a while to arrive. The time that the reply took comes on top.
UNSURE = 2 * ROUNDING + 1.0
#: Most permits that are taken at a time, and the part of what is left that one process may take.
MOST = 100
SHARE = 20
#: Seconds for which news are not news, once the end of the window is known.
HEARD = 1.0
#: Requests that may be made before any reply has told what is allowed, and seconds to wait for such a reply.
BLIND = 30
BLIND_SECONDS = 5.0
POLL = 0.25
#: Permits at a time where the service tells of no limit, and seconds for which they are good: it may tell of one yet.
UNLIMITED = 100
UNLIMITED_SECONDS = 5.0
#: Seconds for which a ledger that nobody uses is remembered.
REMEMBERED = 600.0
#: Seconds for which a store that failed is left alone.
QUIET = 10.0

_log = logging.getLogger("genesyscloud.auth")


class News(NamedTuple):
    """What a reply told: requests used and allowed (0: it tells of no limit), and seconds left of the window.

    ``took``: seconds from request to reply, which is how old what it tells may be.
    """

    used: int
    allowed: int
    left: float
    took: float = 0.0


class Ledger(NamedTuple):
    """The state in the store; times are those of its clock.

    ``allowed``: 0 before any reply, -1 where there is no limit. ``ends``: when the window has ended for sure; ``open``:
    until when it has not. ``granted``: permits handed out in this window. ``late``: those of them that may be used in
    the next one. ``known``: whether a reply has told the end.
    """

    allowed: int = 0
    ends: float = 0.0
    open: float = 0.0
    granted: int = 0
    late: int = 0
    known: bool = False


class Grant(NamedTuple):
    """Permits, good for ``seconds``; or none, and the seconds to wait before asking again."""

    permits: int
    seconds: float


def settle(ledger: Ledger, news: News | None, now: float, want: int = MOST) -> tuple[Ledger, Grant]:
    """Return the ledger after ``news`` and one question for permits, and the answer.

    Args:
        now: on the clock that ``ledger.ends`` is on.
        want: most permits to be given; 0 for a question that only brings news.

    >>> settle(Ledger(), News(1, 300, 60), 1000.0)[1]
    Grant(permits=14, seconds=57.0)
    """
    if ledger.ends <= now:
        ledger = _next_window(ledger, now)
    if news is not None:
        ledger = _informed(ledger, news, now)
    if not want:
        return ledger, Grant(0, 0.0)
    return _granted(ledger, now, want)


def _next_window(ledger: Ledger, now: float) -> Ledger:
    if ledger.allowed <= 0:
        return Ledger(ledger.allowed, now + (WINDOW if ledger.allowed else BLIND_SECONDS))
    ends = now + WINDOW + ROUNDING
    # One request must always be possible, since only its reply can tell how things are.
    return Ledger(ledger.allowed, ends, ends - UNSURE, min(ledger.late, ledger.allowed - 1))


def _informed(ledger: Ledger, news: News, now: float) -> Ledger:
    if news.allowed <= 0:
        return ledger if ledger.allowed else Ledger(-1, now + WINDOW, granted=ledger.granted)
    ends = now + news.left
    open_ = ends - UNSURE - news.took
    if ledger.allowed <= 0 or news.allowed > ledger.allowed:
        return Ledger(news.allowed, ends, open_, max(news.used, ledger.granted), 0, True)
    if news.allowed < ledger.allowed:
        # The limit of some resource, which is the business of the process that uses it.
        return ledger
    if not ledger.known:
        # A reply that is as late as this may still speak of the window before.
        if open_ <= now:
            return ledger
        return ledger._replace(ends=ends, open=open_, granted=max(news.used, ledger.granted), known=True)
    if ends > ledger.ends + SAME_WINDOW + news.took:
        return Ledger(ledger.allowed, ends, open_, max(news.used, ledger.late), 0, True)
    if ends < ledger.ends - SAME_WINDOW:
        return ledger
    granted = max(news.used, ledger.granted)
    return ledger._replace(ends=max(ends, ledger.ends), open=max(open_, ledger.open), granted=granted)


def _granted(ledger: Ledger, now: float, want: int) -> tuple[Ledger, Grant]:
    left = ledger.ends - now
    if ledger.allowed < 0:
        return ledger, Grant(UNLIMITED, min(left, UNLIMITED_SECONDS))
    if ledger.allowed == 0:
        if ledger.granted >= BLIND:
            return ledger, Grant(0, min(POLL, left))
        return ledger._replace(granted=ledger.granted + 1), Grant(1, 0.0)
    free = ledger.allowed - ledger.granted
    if free <= 0:
        return ledger, Grant(0, left)
    if now >= ledger.open:
        return ledger._replace(granted=ledger.granted + 1, late=ledger.late + 1), Grant(1, 0.0)
    permits = max(1, min(want, free // SHARE))
    return ledger._replace(granted=ledger.granted + permits), Grant(permits, ledger.open - now)


class Allowance:
    """The permits of one client, and the way to more of them."""

    def __init__(self, store: SharedTokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._key = ""
        self._permits = 0
        self._until = 0.0
        self._asking = False
        #: The last news, and when it came.
        self._news: tuple[News, float] | None = None
        #: As it was when it was last seen.
        self._ledger = Ledger()
        self._quiet_until = 0.0
        renew_after_fork(self)

    def spend(self, access_token: str) -> bool:
        """Spend a permit, if there is one at hand. This is the path of most calls."""
        with self._lock:
            if self._permits and access_token == self._token and self._clock.monotonic() < self._until:
                self._permits -= 1
                return True
            return False

    def take(self, access_token: str) -> Steps[float]:
        """Return 0 and spend a new permit, or return the seconds to wait before asking again.

        A store that fails stops nobody: requests then go out as if nobody else used the token.
        """
        with self._lock:
            if access_token != self._token:
                self._token, self._key = access_token, f"allowance|{digest(access_token)}"
                self._permits, self._news, self._ledger = 0, None, Ledger()
            if self._clock.monotonic() < self._quiet_until:
                return 0.0
            # Each of many threads would take as many as one needs.
            first, self._asking = not self._asking, True
        try:
            grant = yield from self._ask(MOST if first else 1)
        finally:
            if first:
                self._asking = False
        if grant.permits > 1:
            with self._lock:
                now = self._clock.monotonic()
                self._permits = grant.permits - 1 + (self._permits if now < self._until else 0)
                self._until = now + grant.seconds
        return 0.0 if grant.permits else grant.seconds

    def hear(self, access_token: str, headers: Mapping[str, str], sent: float) -> bool:
        """Take in what a reply told; return whether it is to be passed on at once, because nobody knows as much.

        Args:
            sent: when the request was, on the monotonic clock.
        """
        now = self._clock.monotonic()
        known = self._ledger.known
        if known and self._news is not None and now < self._news[1] + HEARD:
            return False
        told = read_headers(headers)
        with self._lock:
            if access_token != self._token or (told is None and self._ledger.allowed):
                return False
            news = News(0, 0, 0.0) if told is None else News(told[0], told[1], told[2] + ROUNDING, now - sent)
            self._news = (news, now)
            if known or now < self._quiet_until or not (told or self._ledger.allowed == 0):
                return False
            if self._ledger.allowed < 0:
                self._permits = 0
            return True

    def tell(self) -> Steps[None]:
        """Pass on what was heard."""
        yield from self._ask(0)

    def _ask(self, want: int) -> Steps[Grant]:
        with self._lock:
            key, heard = self._key, self._news
            self._news = None

        def change(
            value: Mapping[str, Any] | None, now: float
        ) -> tuple[Mapping[str, Any], float, tuple[Ledger, Grant]]:
            news = None
            if heard is not None:
                told, when = heard
                news = told._replace(left=told.left - (self._clock.monotonic() - when))
                news = news if news.left > 0 or not news.allowed else None
            ledger, grant = settle(_read(value), news, now, want)
            return ledger._asdict(), max(0.0, ledger.ends - now) + REMEMBERED, (ledger, grant)

        try:
            ledger, grant = yield from ask(self._store, lambda: self._store.update(key, change))
        except TokenStoreError as error:
            _log.warning("the rate limit is not shared with other processes for %g s: %s", QUIET, error)
            self._quiet_until = self._clock.monotonic() + QUIET
            return Grant(1, 0.0)
        self._ledger = ledger
        return grant

    def renew(self) -> None:
        """In a child process: the permits are those of its parent."""
        self._lock = threading.Lock()
        self._permits, self._asking = 0, False


def _read(value: Mapping[str, Any] | None) -> Ledger:
    """Return the ledger; a new one for anything that another version may have left there."""
    fields = value or {}
    try:
        return Ledger(
            int(fields["allowed"]),
            float(fields["ends"]),
            float(fields["open"]),
            int(fields["granted"]),
            int(fields["late"]),
            bool(fields["known"]),
        )
    except (KeyError, TypeError, ValueError):
        return Ledger()
