"""Servers that others wrote, for tests against real parts: found, started on a free port of 127.0.0.1, and stopped.

A program that is missing is said to be, with how to get it; ``.ci/run`` installs all of them, and allows none to miss.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .servers import unused_port

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Nginx", "Tinyproxy", "chromium", "program", "until"]

#: Seconds in which any of them starts or stops, on a machine that is busy with other things.
PATIENCE = 20.0
#: The same for what a browser shows.
BROWSER_PATIENCE = 60
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
          "--disable-background-networking", "--disable-component-update", "--window-size=1280,860"]  # fmt: skip


#: Debian's packages, where they have another name than the program.
PACKAGES = {"chromedriver": "chromium-driver", "node": "nodejs"}


def program(name: str) -> str:
    """Return the path of a program; daemons are not on every user's ``PATH``.

    Without it, the test is skipped and the summary says so; where all parts are required, as in CI, it fails.
    """
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if found is None:
        complain = pytest.fail if os.environ.get("GENESYSCLOUD_TEST_PARTS") == "required" else pytest.skip
        complain(f"this test needs {name}, which is not installed: apt-get install {PACKAGES.get(name, name)}")
    return found


@contextmanager
def chromium(profile: Path) -> Generator[Any]:
    """A headless Chromium, as selenium drives it.

    Parameters:
        profile: an empty folder for its files.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = program("chromium")
    for flag in [*_FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)  # pyright: ignore[reportUnknownMemberType]
    driver = webdriver.Chrome(options=options, service=Service(executable_path=program("chromedriver")))
    driver.set_page_load_timeout(BROWSER_PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


def until(driver: Any, look: Callable[[Any], Any]) -> Any:
    """What ``look`` finds on the page that a browser shows, as soon as it finds something."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    # What is looked at may go away with its page in that moment.
    return WebDriverWait(driver, BROWSER_PATIENCE, 0.05, [StaleElementReferenceException]).until(look)


class Nginx:
    """``with Nginx(folder, "location / { return 204; }") as nginx``: nginx with one ``server`` block.

    Parameters:
        folder: for its files; it must be empty.
        server: what the block says besides where to listen.
        tls: whether it speaks TLS; ``server`` names the certificate.
    """

    def __init__(self, folder: Path, server: str, *, tls: bool = False) -> None:
        self._program = program("nginx")
        self._folder = folder
        self._server = server
        self._tls = tls

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.where}"

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it says about itself."""
        return (self._folder / "error.log").read_text()

    def __enter__(self) -> Self:
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            self.port: int = listener.getsockname()[1]
            configuration = self._folder / "nginx.conf"
            configuration.write_text(self._configuration())
            # nginx takes an open socket over, as it does when it replaces itself with a newer nginx. So nobody else can
            # take the port meanwhile, and who connects before it has started waits for it.
            self._process = subprocess.Popen(
                [self._program, "-p", str(self._folder), "-c", str(configuration), "-e", "error.log"],
                env={**os.environ, "NGINX": f"{listener.fileno()};"},
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        died = self._process.poll() is not None
        self._process.terminate()
        self._process.wait(PATIENCE)
        if died:
            pytest.fail(f"nginx did not run: {self.log}")
        if error is not None:
            error.add_note(f"nginx said: {self.log}")

    def _configuration(self) -> str:
        scratch = "".join(
            f"{name}_temp_path {name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # As root it would become a user who may not enter the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        return f"""
            {user} daemon off; worker_processes 1; pid nginx.pid; error_log error.log info;
            events {{ worker_connections 512; }}
            http {{
                access_log off; {scratch}
                server {{ listen {self.where}{" ssl" if self._tls else ""}; {self._server} }}
            }}"""


class Tinyproxy:
    """``with Tinyproxy(folder, "user", "password") as proxy``: a forward proxy that asks for a password.

    Parameters:
        folder: for its files.
        username, password: what it asks for; nothing without.
        options: further lines of its configuration.
    """

    def __init__(self, folder: Path, username: str = "", password: str = "", *options: str) -> None:
        self._program = program("tinyproxy")
        self._configuration = folder / "tinyproxy.conf"
        self._log = folder / "tinyproxy.log"
        self._lines = ["Listen 127.0.0.1", "LogLevel Info", f'LogFile "{self._log}"', "MaxClients 100", *options]
        if username:
            self._lines.append(f"BasicAuth {username} {password}")

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.where}"

    @property
    def requests(self) -> list[str]:
        """First line of each request that it took; it writes them down before it answers."""
        lines = self._log.read_text().splitlines()
        return [line.partition("): ")[2].strip() for line in lines if "Request (file descriptor" in line]

    def __enter__(self) -> Self:
        # It cannot be given port 0, or a socket; somebody else may be quicker.
        for _ in range(5):
            if self._start(unused_port()):
                return self
        pytest.fail(f"tinyproxy did not start: {self._log.read_text()}")

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)

    def _start(self, port: int) -> bool:
        self.port = port
        self._configuration.write_text("\n".join([f"Port {port}", *self._lines, ""]))
        self._log.write_text("")
        self._process = subprocess.Popen(
            [self._program, "-d", "-c", str(self._configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < until:
            if "Accepting connections" in self._log.read_text():
                return True
            time.sleep(0.005)
        self._process.terminate()
        self._process.wait(PATIENCE)
        return False
