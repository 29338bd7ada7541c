"""Brings what changed in configuration files into a client, for the calls that start afterwards.

A client's calls each take its engine once. A reload makes a copy of the engine with other settings and puts it in
place in one step, so that no call sees half of each; what code set is part of the layers, and wins again.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .configfile.watch import Subscription, watch
from .errors import ConfigurationError

if TYPE_CHECKING:
    from .auth import Auth
    from .layers import Layers, Merged

__all__ = ["follow"]


def follow(
    shared: Any, layers: Layers, merged: Merged, tokens: Callable[[Auth, str], Any], live_reload: bool | None
) -> Subscription | None:
    """Keep a client up to date with its files until it is closed or forgotten.

    Args:
        shared: what the client shares with its views.
        merged: what it was made with.
        tokens: makes a token source for a login and its service.
        live_reload: what code says about it, if it does.
    """
    paths = layers.files.to_watch(live_reload)
    if not paths:
        return None
    follower = _Follower(weakref.ref(shared), layers, merged, tokens, live_reload)
    subscription = follower.subscription = watch(paths, follower.changed)
    if subscription is not None:
        weakref.finalize(shared, subscription.stop)
    return subscription


class _Follower:
    """Called when files of one client may have changed; always in the same thread."""

    def __init__(
        self,
        shared: Callable[[], Any],
        layers: Layers,
        merged: Merged,
        tokens: Callable[[Auth, str], Any],
        live_reload: bool | None,
    ) -> None:
        self._shared = shared
        self._layers = layers
        self._merged = merged
        self._tokens = tokens
        self._live_reload = live_reload
        self.subscription: Subscription | None = None

    def changed(self) -> None:
        import logging

        log = logging.getLogger("genesyscloud.config")
        try:
            candidate = self._layers.files.changed()
            if candidate is None:
                return
            merged = self._layers.merge(candidate)
        except ConfigurationError as error:
            log.warning("%s; the configuration before stays in force", error)
            return
        candidate.accept()
        shared = self._shared()
        if shared is None:
            return
        _adopt(shared, self._merged, merged, self._tokens)
        self._merged = merged
        log.info("now in force: %s", ", ".join(candidate.new))
        if self.subscription is not None and not self._layers.files.to_watch(self._live_reload):
            self.subscription.stop()


def _adopt(shared: Any, before: Merged, now: Merged, tokens: Callable[[Auth, str], Any]) -> None:
    """Let calls that start from now on be made with ``now``."""
    engine = copy.copy(shared.engine)
    engine.settings = now.settings
    engine.api, engine.login = now.bases
    engine.service = now.hosts.api
    # A token of one login service is worth nothing, and must not be shown, to another's API.
    if now.hosts.login != before.hosts.login or now.auth.identity != before.auth.identity:
        engine.tokens = tokens(now.auth, now.hosts.login)
    shared.adopt(engine, reconnect=now.settings.proxy != before.settings.proxy)
