"""The login of a client as its owner sees it: look at the token, log in, log out."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ..effects import Blocking, GetToken, Steps
from ..errors import Unauthorized
from ..operations import prepare_request
from ..pipeline import arun, plan, run
from ..redact import SecretHeaders

if TYPE_CHECKING:
    from ..config import Settings
    from ..pipeline import Engine
    from .tokens import Token

__all__ = ["AsyncSession", "Session", "SyncSession"]


class Session:
    """What the sessions of both clients have in common."""

    if TYPE_CHECKING:

        @property
        def _engine(self) -> Engine[Any]: ...
        @property
        def _settings(self) -> Settings: ...

    @property
    def token(self) -> Token | None:
        """The access token in use, with its ``expires_in``, ``expires_at`` and ``refresh_token``; ``None`` before
        the first login.

        >>> gc.token.expires_in          # doctest: +SKIP
        86400.0
        """
        return self._engine.tokens.current

    def _plan_login(self, engine: Engine[Any], renew: bool) -> Steps[Token]:
        settings = self._settings
        wait = max(settings.reauthentication.refresh_token_wait_max, engine.tokens.auth.patience)
        stale = engine.tokens.current if renew else None
        deadline = engine.clock.monotonic() + settings.timeouts.total
        if not renew and (token := engine.tokens.fresh()) is not None:
            return token
        return (yield GetToken(stale, deadline, wait))

    def _plan_logout(self, engine: Engine[Any]) -> Steps[None]:
        source = engine.tokens
        stored = (yield Blocking(lambda: source.store.load(source.key))) if source.store is not None else None
        tokens = {token.access_token: token for token in (source.current, stored) if token is not None}
        try:
            for token in tokens.values():
                yield from self._revoke(engine, token)
        finally:
            # Forgotten here also when the service cannot be reached.
            source.current = None
            if source.store is not None:
                yield Blocking(lambda: source.store.delete(source.key))

    def _revoke(self, engine: Engine[Any], token: Token) -> Steps[None]:
        # With a header of its own, so that no new login is made only to be revoked.
        headers = SecretHeaders({"Authorization": f"Bearer {token.access_token}"})
        prepared = prepare_request("DELETE", "/api/v2/tokens/me", query=None, json=None, body=None, headers=headers)
        # One that is refused has ended already.
        with contextlib.suppress(Unauthorized):
            yield from plan(engine, self._settings, prepared._replace(secured=False))


class SyncSession(Session):
    """The session of a client for threads."""

    if TYPE_CHECKING:

        def _start(self) -> Any: ...

    def login(self, *, renew: bool = False) -> Token:
        """Log in now, instead of with the first call, and return the token.

        Args:
            renew: get a new token even if the current one is still good. This is how to renew by hand where
                ``refresh_access_token`` is off.

        Raises:
            OAuthError: the service refused. LoginRequired: only the person can log in again.

        >>> gc.login().expires_at          # doctest: +SKIP
        """
        engine, wire = self._start()
        return run(self._plan_login(engine, renew), engine, wire)

    def logout(self) -> None:
        """Revoke the token at the service, and forget it here and in the token store.

        The next call logs in again, if the client's ``auth`` can.

        >>> gc.logout()          # doctest: +SKIP
        """
        engine, wire = self._start()
        run(self._plan_logout(engine), engine, wire)


class AsyncSession(Session):
    """The session of a client for asyncio."""

    if TYPE_CHECKING:

        def _start(self) -> Any: ...

    async def login(self, *, renew: bool = False) -> Token:
        """Log in now; see :meth:`SyncSession.login`."""
        engine, wire = self._start()
        return await arun(self._plan_login(engine, renew), engine, wire)

    async def logout(self) -> None:
        """Log out; see :meth:`SyncSession.logout`."""
        engine, wire = self._start()
        await arun(self._plan_logout(engine), engine, wire)
