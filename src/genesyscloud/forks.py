"""Processes made by ``fork``: no lock stays taken in a child because a thread that was not copied held it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from threading import Lock, RLock

__all__ = ["hold_during_fork", "renew_after_fork"]


class Renewed(Protocol):
    """Something with locks of its own."""

    def renew(self) -> None:
        """Forget what threads of the parent held or were about to do; called in a child."""
        ...


_owners: WeakSet[Renewed] = WeakSet()


def renew_after_fork(owner: Renewed) -> None:
    """Have ``owner.renew()`` called in every child process that is forked while ``owner`` lives."""
    _owners.add(owner)


def hold_during_fork(lock: Lock | RLock) -> None:
    """Let no fork happen while another thread holds ``lock``, so that what it guards is whole in the child.

    For locks of modules that are held for moments only. Those held last during a fork are those of the modules
    imported first: the order in which they are nested.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


def _renew_all() -> None:
    for owner in list(_owners):
        owner.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
