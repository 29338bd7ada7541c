"""What must never be shown: names whose values are secrets."""

from __future__ import annotations

import re

__all__ = ["is_secret_name"]

_SECRET_NAME = re.compile(
    r"secret|password|passwd|assertion|credential_?fields|api_?key|private_?key|code_?verifier"
    r"|(access|refresh|id|bearer|auth|session|guest)_?token|^(token|jwt|authorization|cookie|set-cookie)$",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether a value called ``name`` must not be shown (``clientSecret``, ``access_token``).

    >>> is_secret_name("clientSecret"), is_secret_name("name")
    (True, False)
    """
    return _SECRET_NAME.search(name) is not None
