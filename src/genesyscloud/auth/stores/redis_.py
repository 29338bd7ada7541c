"""Tokens in Redis, for processes on many hosts."""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...errors import ConfigurationError, TokenStoreError
from ..tokens import Change, Token, token_from_stored, token_to_stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

__all__ = ["RedisTokenStore"]

T = TypeVar("T")

#: Seconds to wait for Redis. A call that needs it longer than this had better fail.
PATIENCE = 5.0
#: Changes of one value that others may get in before, until something is wrong.
TRIES = 1000


class RedisTokenStore:
    """Tokens in Redis. Whoever can read its keys can use the tokens: use TLS and a password, and a database of its own.

    Args:
        server: URL (``rediss://:password@host:6379/0``), or a ``redis.Redis`` of yours.
        prefix: of all keys.

    Raises:
        ConfigurationError: ``redis`` is not installed (``pip install 'genesyscloud[redis]'``), or the URL is none.

    >>> store = RedisTokenStore("redis://127.0.0.1:6379/0", prefix="my-program")          # doctest: +SKIP
    """

    blocking = True

    def __init__(self, server: str | Redis, *, prefix: str = "genesyscloud") -> None:
        try:
            import redis as driver
        except ImportError:
            raise ConfigurationError("RedisTokenStore needs redis: pip install 'genesyscloud[redis]'") from None
        if isinstance(server, str):
            from_url = cast("Callable[..., Redis]", driver.Redis.from_url)  # pyright: ignore
            try:
                server = from_url(server, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
            except ValueError as error:
                # It may hold a password; the reason names the scheme or the number that is wrong.
                raise ConfigurationError(f"token store: the URL of Redis cannot be used: {error}") from None
        self._redis: Any = server
        self._changed, self._refused = driver.WatchError, driver.RedisError
        self._prefix = prefix

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``, also for what is no token.

        Raises:
            TokenStoreError: Redis does not answer or refuses.
        """
        return token_from_stored(_json(self._try(lambda: self._redis.get(self._name("token", key)))))

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``; one without a refresh token goes when it expires.

        Raises:
            TokenStoreError: Redis does not answer or refuses.
        """
        ends = token.expires_at if token.expires_at < inf and not token.refresh_token else None
        text = json.dumps(token_to_stored(token), separators=(",", ":"))
        self._try(lambda: self._redis.set(self._name("token", key), text, exat=int(ends) if ends else None))

    def delete(self, key: str) -> None:
        """Forget the token under ``key``.

        Raises:
            TokenStoreError: Redis does not answer or refuses.
        """
        self._try(lambda: self._redis.delete(self._name("token", key)))

    def update(self, key: str, change: Change[T]) -> T:
        """Change a value while no other host can; see :class:`~genesyscloud.auth.SharedTokenStore`.

        The time is that of Redis, so that hosts whose clocks differ agree.
        """
        name = self._name("value", key)
        for _ in range(TRIES):
            try:
                return self._try(lambda: self._attempt(name, change))
            except self._changed:
                continue
        raise TokenStoreError("token store: others change the same value in Redis without end")

    def _attempt(self, name: str, change: Change[T]) -> T:
        with self._redis.pipeline() as pipe:
            pipe.watch(name)
            seconds, micros = pipe.time()
            old = _json(pipe.get(name))
            value, keep, result = change(
                cast("dict[str, Any]", old) if isinstance(old, dict) else None, seconds + micros / 1e6
            )
            pipe.multi()
            if value is None:
                pipe.delete(name)
            else:
                pipe.set(name, json.dumps(value, separators=(",", ":")), px=max(1, int(keep * 1000)))
            pipe.execute()
        return result

    def _name(self, kind: str, key: str) -> str:
        return f"{self._prefix}:{kind}:{key}"

    def _try(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except self._changed:
            raise
        except self._refused as error:
            raise TokenStoreError(f"token store: Redis cannot be used: {error}") from None

    def __repr__(self) -> str:
        return f"RedisTokenStore(prefix={self._prefix!r})"


def _json(text: bytes | str | None) -> Any:
    try:
        return json.loads(text) if text is not None else None
    except ValueError:
        return None
