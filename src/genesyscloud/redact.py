"""What must never be shown: names whose values are secrets, and headers that hide them when printed."""

from __future__ import annotations

import re

__all__ = ["SecretHeaders", "is_secret_name"]

_SECRET_NAME = re.compile(
    r"secret|password|passwd|assertion|credential_?fields|api_?key|private_?key|code_?verifier"
    r"|(access|refresh|id|bearer|auth|session|guest)_?token"
    r"|^(token|jwt|authorization|proxy_authorization|cookie|set_cookie)$",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether a value called ``name`` must not be shown (``clientSecret``, ``access_token``).

    >>> is_secret_name("clientSecret"), is_secret_name("name")
    (True, False)
    """
    return _SECRET_NAME.search(name.replace("-", "_")) is not None


class SecretHeaders(dict[str, str]):
    """Headers of a request; printing them, as tracebacks with local variables do, shows no secret.

    >>> SecretHeaders({"Authorization": "Bearer abc", "Accept": "*/*"})
    {'Authorization': '…', 'Accept': '*/*'}
    """

    def __repr__(self) -> str:
        return repr({name: "…" if is_secret_name(name) else value for name, value in self.items()})

    __str__ = __repr__
