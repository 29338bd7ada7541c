"""Tokens in the keyring of the system: Keychain, Credential Locker, Secret Service, KWallet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from ...errors import ConfigurationError, TokenStoreError
from ...paths import StrPath
from ..tokens import Change, Token, token_from_stored, token_to_stored
from .values import SharedValues

__all__ = ["KeyringTokenStore"]

T = TypeVar("T")


class KeyringTokenStore:
    """Tokens in the keyring of the system, shared by the processes of one person.

    A keyring has no locks: what processes agree on (nothing of it secret) is in a file.

    Args:
        service: name under which the keyring shows them.
        shared: that file.

    Raises:
        ConfigurationError: ``keyring`` is not installed (``pip install 'genesyscloud[keyring]'``).

    >>> store = KeyringTokenStore("my-program")          # doctest: +SKIP
    """

    blocking = True

    def __init__(self, service: str = "genesyscloud", *, shared: StrPath = "~/.genesyscloud/keyring.shared") -> None:
        try:
            import keyring
            from keyring.errors import KeyringError, PasswordDeleteError
        except ImportError:
            raise ConfigurationError("KeyringTokenStore needs keyring: pip install 'genesyscloud[keyring]'") from None
        self._service = service
        self._keyring = keyring
        self._missing, self._refused = PasswordDeleteError, KeyringError
        self._values = SharedValues(Path(shared).expanduser())

    def load(self, key: str) -> Token | None:
        """Return the token stored under ``key``, or ``None``, also for what is no token.

        Raises:
            TokenStoreError: there is no usable keyring.
        """
        try:
            text = self._keyring.get_password(self._service, key)
        except self._refused as error:
            raise self._failure("read", error) from None
        try:
            return token_from_stored(json.loads(text)) if text else None
        except ValueError:
            return None

    def save(self, key: str, token: Token) -> None:
        """Store ``token`` under ``key``.

        Raises:
            TokenStoreError: there is no usable keyring, or it refuses.
        """
        try:
            self._keyring.set_password(self._service, key, json.dumps(token_to_stored(token), separators=(",", ":")))
        except self._refused as error:
            raise self._failure("written", error) from None

    def delete(self, key: str) -> None:
        """Forget the token under ``key``.

        Raises:
            TokenStoreError: there is no usable keyring.
        """
        try:
            if self._keyring.get_password(self._service, key) is not None:
                self._keyring.delete_password(self._service, key)
        except self._missing:
            return
        except self._refused as error:
            raise self._failure("written", error) from None

    def update(self, key: str, change: Change[T]) -> T:
        """Change a value while no other process can; see :class:`~genesyscloud.auth.SharedTokenStore`."""
        return self._values.update(f"{self._service}|{key}", change)

    def _failure(self, what: str, error: Any) -> TokenStoreError:
        return TokenStoreError(f"token store: the keyring cannot be {what}: {str(error) or type(error).__name__}")

    def __repr__(self) -> str:
        return f"KeyringTokenStore({self._service!r})"
