"""What an HTTP client of one's own has to be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

__all__ = ["AbstractHttpClient"]


class AbstractHttpClient(ABC):
    """Base of HTTP clients; derive from it, implement :meth:`request`, and hand it to ``set_http_client``.

    Attributes:
        timeout: milliseconds. https_agent: of no effect. pre_hook, post_hook: see the setters.
    """

    __module__ = "PureCloudPlatformClientV2.abstract_http_client"

    def __init__(self) -> None:
        self.timeout: float = 16000
        self.https_agent: Any = None
        self.pre_hook: Callable[[Any], Any] | None = None
        self.post_hook: Callable[[Any], Any] | None = None

    def set_timeout(self, timeout: float) -> None:
        """Set how long each wait may take.

        Args:
            timeout: milliseconds.

        Raises:
            ValueError: it is no number.
        """
        if not isinstance(timeout, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("The 'timeout' property must be a number")
        self.timeout = timeout

    def set_pre_request_hook(self, hook: Callable[[Any], Any]) -> None:
        """Have ``hook`` called with each :class:`HttpRequestOptions`; what it returns takes their place.

        Raises:
            ValueError: it is no function of one argument.
        """
        if not _takes_one(hook):
            raise ValueError("preHook must be a function that accepts (http_request_options)")
        self.pre_hook = hook

    def set_post_request_hook(self, hook: Callable[[Any], Any]) -> None:
        """Have ``hook`` called with each :class:`RESTResponse`; what it returns takes its place.

        Raises:
            ValueError: it is no function of one argument.
        """
        if not _takes_one(hook):
            raise ValueError("postHook must be a function that accepts (RESTResponse)")
        self.post_hook = hook

    @abstractmethod
    def request(self, http_request_options: Any) -> Any:
        """Send a request and return its reply: an object with ``status``, ``data``, ``getheaders()``, ``getheader()``.

        Args:
            http_request_options: see :class:`HttpRequestOptions`.
        """
        raise NotImplementedError("method must be implemented")


def _takes_one(hook: Any) -> bool:
    if not callable(hook):
        return False
    code = getattr(hook, "__code__", None)
    # Of a bound method the first argument is taken; other callables show when they are called.
    bound = getattr(hook, "__self__", None) is not None
    return code is None or code.co_argcount - bound == 1
