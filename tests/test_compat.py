"""Scripts for the vendor's package run on ours: as a program, from code, next to the vendor's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genesyscloud.compat.differences import DIFFERENCES

from .compat.sides import VENDOR

SHOW = "import sys, PureCloudPlatformClientV2 as P; print(P.UsersApi.__module__, P.configuration.host, *sys.argv[1:])"


def run(*arguments: str, home: Path, path: str = "", code: int = 0) -> str:
    env = {**os.environ, "HOME": str(home), "PYTHONPATH": path}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def script(folder: Path, *lines: str, name: str = "script.py") -> str:
    path = folder / name
    path.write_text("\n".join(lines))
    return str(path)


def vendor_path() -> str:
    """Where the vendor's package is installed."""
    assert VENDOR.exists(), "`make test` installs the vendor's package"
    asked = [str(VENDOR), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def test_a_script_sees_itself_as_ever(tmp_path: Path) -> None:
    script(tmp_path, "WORD = 'helped'", name="helper_of_script.py")
    path = script(
        tmp_path,
        "import sys, helper_of_script",
        "from PureCloudPlatformClientV2.rest import ApiException",
        "print(__name__, __file__ == sys.argv[0], sys.argv[1:], helper_of_script.WORD, ApiException.__module__)",
        "print(sys.modules['__main__'].__dict__ is globals())",
    )
    out = run("-m", "genesyscloud.compat", path, "-x", "two words", home=tmp_path)
    assert out == "__main__ True ['-x', 'two words'] helped PureCloudPlatformClientV2.rest\nTrue\n"


def test_what_a_script_raises_ends_it(tmp_path: Path) -> None:
    path = script(tmp_path, "import PureCloudPlatformClientV2 as P", "raise P.rest.ApiException(404, 'Not Found')")
    err = run("-m", "genesyscloud.compat", path, home=tmp_path, code=1)
    assert "PureCloudPlatformClientV2.rest.ApiException: (404)" in err
    assert f'File "{path}", line 2' in err
    run("-m", "genesyscloud.compat", script(tmp_path, "raise SystemExit(7)"), home=tmp_path, code=7)


def test_threads_outlive_the_last_line(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        "import threading, PureCloudPlatformClientV2",
        "done = threading.Event()",
        "def work():",
        "    threading.main_thread().join()",
        "    print(PureCloudPlatformClientV2.ApiClient.__name__, done)",
        "threading.Thread(target=work).start()",
    )
    assert run("-m", "genesyscloud.compat", path, home=tmp_path).startswith("ApiClient <threading.Event")


def test_modules_and_code_run_as_well(tmp_path: Path) -> None:
    script(tmp_path, SHOW, name="program.py")
    expected = "PureCloudPlatformClientV2.apis.users_api https://api.mypurecloud.com a\n"
    assert run("-m", "genesyscloud.compat", "-m", "program", "a", home=tmp_path) == expected
    assert run("-m", "genesyscloud.compat", "-c", SHOW, "a", home=tmp_path) == expected


@pytest.mark.parametrize("arguments", [[], ["-m"], ["-c"], ["no-such-script.py"]])
def test_nothing_to_run(arguments: list[str], tmp_path: Path) -> None:
    err = run("-m", "genesyscloud.compat", *arguments, home=tmp_path, code=1)
    assert "no-such-script.py: No such file" in err if arguments[:1] == ["no-such-script.py"] else "usage:" in err


def test_processes_that_a_script_starts_have_it_too(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        "import multiprocessing, PureCloudPlatformClientV2 as P",
        "def work(queue): queue.put((P.UserMe.__module__, type(P.configuration).__name__))",
        "if __name__ == '__main__':",
        "    context = multiprocessing.get_context('spawn')",
        "    queue = context.Queue()",
        "    process = context.Process(target=work, args=(queue,))",
        "    process.start()",
        "    print(queue.get(timeout=50))",
        "    process.join()",
    )
    out = run("-m", "genesyscloud.compat", path, home=tmp_path)
    assert out == "('PureCloudPlatformClientV2.models.user_me', 'Configuration')\n"


def test_ours_also_where_the_vendors_is_installed(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        "import sys, PureCloudPlatformClientV2, PureCloudPlatformClientV2.rest",
        "from PureCloudPlatformClientV2.models.user import User",
        "from PureCloudPlatformClientV2.apis import routing_api",
        "import importlib.util",
        "bases = [cls.__mro__[1].__module__ for cls in (User, routing_api.RoutingApi)]",
        "print(PureCloudPlatformClientV2.__name__, *bases)",
        "print(importlib.util.find_spec('dateutil') is not None)",
    )
    out = run("-m", "genesyscloud.compat", path, home=tmp_path, path=vendor_path())
    assert out == "genesyscloud.compat.face genesyscloud.compat.model genesyscloud.compat.methods\nTrue\n"


def test_install_comes_before_the_first_import(tmp_path: Path) -> None:
    late = "import PureCloudPlatformClientV2, genesyscloud.compat; genesyscloud.compat.install()"
    err = run("-c", late, home=tmp_path, path=vendor_path(), code=1)
    assert "RuntimeError: PureCloudPlatformClientV2 is already imported" in err
    early = "import genesyscloud.compat as c; c.install(); c.install(); import PureCloudPlatformClientV2 as P; "
    out = run("-c", early + "c.uninstall(); print(P.__name__, c.installed())", home=tmp_path)
    assert out == "genesyscloud.compat.face False\n"
    assert run("-c", f"import genesyscloud; genesyscloud.compat.install(); {SHOW}", home=tmp_path).startswith(
        "PureCloud"
    )


def test_the_import_loads_little(tmp_path: Path) -> None:
    heavy = (
        "{'ssl', 'urllib3', 'aiohttp', 'http.client', 'email', 'asyncio', 'logging', 'watchdog', 'dateutil', 'inspect'}"
    )
    code = f"import PureCloudPlatformClientV2 as P, sys; print(sorted({heavy} & set(sys.modules)))"
    assert run("-m", "genesyscloud.compat", "-c", code, home=tmp_path) == "[]\n"


def test_a_script_pays_for_what_it_touches(tmp_path: Path) -> None:
    code = (
        "import PureCloudPlatformClientV2 as P\n"
        "api = P.UsersApi(P.ApiClient()); api.get_user\n"
        "from genesyscloud.compat.face import models, apis\n"
        "print([n for n in vars(apis) if n.endswith('Api')], [n for n in dir(models) if n in vars(models)])\n"
        "print([n for n, v in vars(P.UsersApi).items() if callable(v)])\n"
    )
    out = run("-m", "genesyscloud.compat", "-c", code, home=tmp_path)
    assert out == "['UsersApi'] []\n['get_user']\n"


def test_every_difference_is_shown_by_something_and_documented() -> None:
    here = Path(__file__).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in here.glob("test_compat*.py"))
    document = (here.parent / "docs" / "compat.md").read_text(encoding="utf-8")
    for difference in DIFFERENCES:
        assert difference.scenarios or difference.tests, difference.key
        assert all(f"def {name}(" in sources for name in difference.tests), difference.key
        assert f"| {difference.key} | {difference.theirs} | {difference.ours} |" in document, difference.key
