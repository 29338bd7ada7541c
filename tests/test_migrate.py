"""Scripts for the vendor's package are converted as a whole, run as before, or stay as they are."""

from __future__ import annotations

import ast
import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesyscloud.migrate import Level, NotConvertible, Outcome, convert, replace_file

from .compat.sides import OURS
from .scriptruns import run_against_sandbox

SCRIPTS = sorted((Path(__file__).parent / "compat_scripts").glob("*.py"))
#: Those with something to decide, and some of what it is.
UNDECIDED = {
    "callbacks_and_calls": {"callback of get_routing_queues", "client.call_api", "configuration.api_client"},
    "user_export": {"user.to_dict", "e.reason", "api_client.last_response", "users[0].swagger_types"},
}

HEAD = """\
import PureCloudPlatformClientV2
PureCloudPlatformClientV2.configuration.host = PureCloudPlatformClientV2.PureCloudRegionHosts.eu_west_1.get_api_host()
client = PureCloudPlatformClientV2.ApiClient().get_client_credentials_token("id", "secret")
"""
NEW_HEAD = """\
from genesyscloud import ClientCredentials, GenesysCloud
client = GenesysCloud(auth=ClientCredentials("id", "secret"), region="eu_west_1")
client.login()
"""
NEW_HEAD_WITH_ERRORS = NEW_HEAD.replace("GenesysCloud\n", "GenesysCloud\nfrom genesyscloud.errors import ApiError\n", 1)


def _after(source: str) -> str:
    outcome = convert(source.encode())
    assert not outcome.undecided, outcome.findings
    return outcome.after.decode()


def _stays(source: str) -> str:
    """Return what has to be decided; the script must be as it was."""
    outcome = convert(source.encode())
    assert outcome.stays
    assert outcome.after == outcome.before == source.encode()
    return "\n".join(finding.text("s.py") for finding in outcome.findings)


# --- whole scripts ------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.stem not in UNDECIDED], ids=lambda path: path.stem)
def test_converted_scripts_print_the_same(script: Path, tmp_path: Path):
    outcome = convert(script.read_bytes())
    assert not outcome.undecided, outcome.findings
    assert b"PureCloudPlatformClientV2" not in outcome.after
    assert convert(outcome.after) == Outcome(outcome.after, outcome.after)
    converted = tmp_path / script.name
    converted.write_bytes(outcome.after)
    before = run_against_sandbox([*OURS.command, str(script)], tmp_path)
    after = run_against_sandbox([sys.executable, str(converted)], tmp_path)
    assert after == before


def test_the_example_of_the_document():
    document = (Path(__file__).parents[1] / "docs" / "migrate.md").read_text(encoding="utf-8")
    before, after = (part.partition("```")[0] for part in document.split("```python\n")[1:])
    assert _after(before) == after


@pytest.mark.parametrize("name", UNDECIDED)
def test_scripts_with_something_to_decide_stay(name: str):
    source = next(path for path in SCRIPTS if path.stem == name).read_bytes()
    outcome = convert(source)
    assert outcome.after == source
    assert {finding.what for finding in outcome.findings if finding.level is Level.DECIDE} >= UNDECIDED[name]


# --- logging in ---------------------------------------------------------------------------------


def test_host_by_region_and_login():
    assert _after(HEAD) == NEW_HEAD


def test_region_in_a_name_of_its_own():
    source = """\
import PureCloudPlatformClientV2 as pc
region = pc.PureCloudRegionHosts.us_west_2
pc.configuration.host = region.get_api_host()
login = pc.ApiClient()
login.get_client_credentials_token("a", client_secret="b")
"""
    assert (
        _after(source)
        == """\
from genesyscloud import ClientCredentials, GenesysCloud
region = "us_west_2"
login = GenesysCloud(auth=ClientCredentials("a", "b"), region=region)
login.login()
"""
    )


def test_login_that_a_function_returns():
    source = """\
from PureCloudPlatformClientV2 import ApiClient, UsersApi, configuration
configuration.host = "https://api.mypurecloud.de"

def connect(a, b):
    return ApiClient().get_client_credentials_token(a, b)

users = UsersApi(connect("a", "b"))
"""
    assert "api_client" in _stays(source) or "UsersApi" in _stays(source)
    assert (
        _after(source.replace('UsersApi(connect("a", "b"))', "connect(1, 2)\nusers = UsersApi(users)"))
        == """\
from genesyscloud import ClientCredentials, GenesysCloud

def connect(a, b):
    gc = GenesysCloud(
        auth=ClientCredentials(a, b),
        api_host="https://api.mypurecloud.de",
    )
    gc.login()
    return gc

users = connect(1, 2)
users = users.users
"""
    )


@pytest.mark.parametrize(
    ("lines", "made"),
    [
        ("api = pc.UsersApi()", "api = gc.users"),
        ("c = pc.ApiClient()\napi = pc.UsersApi(c)", "c = gc\napi = c.users"),
    ],
)
def test_token_of_the_configuration(lines: str, made: str):
    source = f'import PureCloudPlatformClientV2 as pc\npc.configuration.access_token = "t"  # for now\n{lines}\n'
    imports = "from genesyscloud import AccessToken, GenesysCloud\n"
    assert _after(source) == f'{imports}gc = GenesysCloud(auth=AccessToken("t"))  # for now\n{made}\n'


def test_token_of_a_client():
    source = "import PureCloudPlatformClientV2 as pc\nc = pc.ApiClient()\nc.access_token = f()\napi = pc.UsersApi(c)\n"
    assert _after(source) == (
        "from genesyscloud import AccessToken, GenesysCloud\nc = GenesysCloud(auth=AccessToken(f()))\napi = c.users\n"
    )


def test_token_of_one_client_for_all():
    source = f"{HEAD}PureCloudPlatformClientV2.configuration.access_token = client.access_token\n"
    assert _after(f"{source}api = PureCloudPlatformClientV2.UsersApi()\n") == f"{NEW_HEAD}api = client.users\n"
    assert "client.access_token" in _stays(source.replace("= client.access_token", "= 'a' + client.access_token"))


def test_comments_and_other_imports_stay():
    source = """\
#!/usr/bin/env python
# what it is for
import os, PureCloudPlatformClientV2, sys  # all we need

# where
PureCloudPlatformClientV2.configuration.host = 'https://api.mypurecloud.ie'  # Dublin
# who
client = PureCloudPlatformClientV2.ApiClient().get_client_credentials_token("id", "secret")  # me
"""
    assert (
        _after(source)
        == """\
#!/usr/bin/env python
# what it is for
import os, sys  # all we need
from genesyscloud import ClientCredentials, GenesysCloud

# where
# Dublin
# who
client = GenesysCloud(
    auth=ClientCredentials("id", "secret"),
    api_host='https://api.mypurecloud.ie',
)
client.login()  # me
"""
    )


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("client.set_default_header('a', 'b')", "headers"),
        ("PureCloudPlatformClientV2.configuration.proxy = 'http://p'", "ProxySettings"),
        ("PureCloudPlatformClientV2.configuration.logger.log_to_console = True", "LoggingSettings"),
        ("PureCloudPlatformClientV2.configuration.gateway_configuration = 1", "GatewaySettings"),
        ("client.get_saml2bearer_token('a', 'b', 'c', 'd')", "Saml2Bearer"),
        ("print(client.access_token)", "token"),
        ("client.call_api('/api/v2/users', 'GET')", "gc.request"),
        ("PureCloudPlatformClientV2.UsersApi(client).get_users(callback=print)", "callback"),
        ("isinstance(client, PureCloudPlatformClientV2.ApiClient)", "GenesysCloud"),
        ("x.to_dict()", "to_dict"),
        ("PureCloudPlatformClientV2 = None", "bound"),
        ("import PureCloudPlatformClientV2.rest as r, urllib3", "urllib3"),
        ("def f():\n    import PureCloudPlatformClientV2", "top"),
        ("from PureCloudPlatformClientV2 import *", "names"),
        ("import importlib; importlib.import_module('PureCloudPlatformClientV2.rest')", "text"),
        ("x = PureCloudPlatformClientV2.UserPresence()\nx.no_such_thing = 1", "not sent"),
        ("x = PureCloudPlatformClientV2.User(1)", "models.User"),
        ("class User: pass\nx = PureCloudPlatformClientV2.User()", "rename"),
        ("x = PureCloudPlatformClientV2.ArrayNode()", "dict"),
        ("x = PureCloudPlatformClientV2.UsersApi()", "group"),
        ("x = PureCloudPlatformClientV2.NoSuchThing", "NoSuchThing"),
        ("def f(x: 'PureCloudPlatformClientV2.User | None'): pass", "type"),
        ("def delete_flows(x): return x.delete_flows([1])", "itself"),
        ("api = PureCloudPlatformClientV2.KnowledgeApi(client)\nmap(api.delete_architect_prompts, x)", "handed on"),
    ],
)
def test_what_a_person_decides_keeps_the_script(lines: str, word: str):
    said = _stays(f"{HEAD}{lines}\n")
    assert word in said
    assert said.startswith("s.py:")


def test_a_host_that_may_not_be_set():
    source = HEAD.replace(
        "PureCloudPlatformClientV2.configuration", "if x:\n    PureCloudPlatformClientV2.configuration"
    )
    assert "not sure" in _stays(source)


def test_a_client_from_elsewhere():
    source = "from PureCloudPlatformClientV2 import UsersApi\nfrom login import client\napi = UsersApi(client)\n"
    assert "elsewhere" in _stays(source)


# --- calls and models ---------------------------------------------------------------------------


def test_arguments_go_by_our_names():
    source = f"""\
{HEAD}a = PureCloudPlatformClientV2.ArchitectApi(client)
a.post_flows_datatable_rows(1, data_table_row={{}})
a.delete_architect_prompts([2])
PureCloudPlatformClientV2.KnowledgeApi(client).delete_knowledge_knowledgebase_document_variation('v', 'd', 'k')
"""
    assert (
        _after(source)
        == f"""\
{NEW_HEAD}a = client.architect
a.post_flows_datatable_rows(1, body={{}})
a.delete_architect_prompts(id=[2])
client.knowledge.delete_knowledge_knowledgebase_document_variation(document_variation_id='v', document_id='d', \
knowledge_base_id='k')
"""
    )


def test_a_model_null_and_a_name_that_is_a_word_of_python():
    source = f"""\
{HEAD}m = PureCloudPlatformClientV2.EmailMessage()
m.pcFrom = PureCloudPlatformClientV2.ApiNullValue()
"""
    after = _after(source)
    assert "m = EmailMessage()\nm.from_ = NULL\n" in after
    assert "from genesyscloud import NULL, ClientCredentials, GenesysCloud\n" in after
    assert "from genesyscloud.models import EmailMessage\n" in after


# --- errors -------------------------------------------------------------------------------------


def test_errors_of_calls():
    source = f"""\
{HEAD}from PureCloudPlatformClientV2.rest import ApiException as E
try:
    f()
except (E, ValueError) as e:
    print(e.status, e.headers.get("a"), e.body)
"""
    assert (
        _after(source)
        == f"""\
{NEW_HEAD_WITH_ERRORS}try:
    f()
except (ApiError, ValueError) as e:
    print(e.status, e.headers.get("a"), e.raw.decode())
"""
    )


def test_errors_of_logins():
    tail = HEAD.splitlines()
    source = f"""\
{tail[0]}
{tail[1]}
try:
    {tail[2]}
except PureCloudPlatformClientV2.rest.ApiException as e:
    print(e.status)
"""
    after = _after(source)
    assert "except (ApiError, OAuthError) as e:\n" in after
    assert "OAuthError" in _stays(source.replace("e.status", "e.body"))


def test_errors_where_a_function_logs_in():
    lines = HEAD.splitlines()
    source = f"""\
{lines[0]}
class App:
    def __init__(self):
        self.{lines[2]}
    def work(self):
        try:
            self.client.x
        except PureCloudPlatformClientV2.rest.ApiException as e:
            print(e.body)
def main():
    return App()
try:
    app = main()
except PureCloudPlatformClientV2.rest.ApiException as e:
    print(e.status)
app.work()
""".replace("self.client.x", "work()")
    after = _after(source)
    assert "        except ApiError as e:\n            print(e.raw.decode())" in after
    assert "app = main()\nexcept (ApiError, OAuthError) as e:" in after


def test_a_wrapper_has_the_name_of_what_it_wraps():
    source = f"""\
{HEAD}api = PureCloudPlatformClientV2.ArchitectApi(client)
def post_flows_datatable_rows(key, data_table_row):
    return api.post_flows_datatable_rows(key, data_table_row=data_table_row)
"""
    assert "rows(key, body=data_table_row)\n" in _after(source)


@pytest.mark.parametrize("use", ["e.reason", "vars(e)", "e.headers", "f(error=e)"])
def test_errors_that_go_elsewhere(use: str):
    _stays(f"{HEAD}try:\n    f()\nexcept PureCloudPlatformClientV2.rest.ApiException as e:\n    {use}\n")


@pytest.mark.parametrize(
    "use", ["print(e)", "print('no: %s\\n' % e)", "log.error('no', e)", "f'{e}'", "'{}'.format(e)"]
)
def test_words_of_errors_are_to_be_checked(use: str):
    source = f"{HEAD}try:\n    f()\nexcept PureCloudPlatformClientV2.rest.ApiException as e:\n    {use}\n"
    outcome = convert(source.encode())
    assert [finding.level for finding in outcome.findings] == [Level.CHECK]
    assert outcome.changed
    assert outcome.undecided


def test_loops_over_pages_and_printed_models():
    source = f"""\
{HEAD}api = PureCloudPlatformClientV2.UsersApi(client)
for n in range(3):
    users = api.get_users(page_number=n)
    print(users)
    for user in users.entities:
        print(user.name, f"{{user}}")
"""
    outcome = convert(source.encode())
    assert [(finding.line, finding.level) for finding in outcome.findings] == [
        (6, Level.HINT),
        (7, Level.CHECK),
        (9, Level.CHECK),
    ]
    assert "paginate(api.get_users" in outcome.findings[0].suggestion
    assert outcome.changed


# --- any script ---------------------------------------------------------------------------------

_PIECES = [
    "import PureCloudPlatformClientV2",
    "import PureCloudPlatformClientV2 as pc",
    "from PureCloudPlatformClientV2 import *",
    "from PureCloudPlatformClientV2.rest import ApiException",
    "from PureCloudPlatformClientV2.models import User, user",
    "pc.configuration.host = x",
    "pc.configuration.access_token = pc.configuration.host",
    "c = pc.ApiClient()",
    "c.get_client_credentials_token(*a)",
    "c = pc.ApiClient().get_client_credentials_token(a, b)",
    "api = pc.UsersApi(c)",
    "api.get_users(1, 2, *x, **y)",
    "api.patch_user(a, b)",
    "u = pc.User()",
    "u.name, u.x = pc.ApiNullValue(), pc",
    "try:\n    pass\nexcept ApiException as e:\n    e.body",
    "def f(pc=pc): return pc.UsersApi(c).get_users",
    "del pc",
    "class C(pc.User):\n    c = pc.ApiClient()\n    c.access_token = 1",
    "x: pc.User = lambda pc: pc",
    "pass; import os",
    "if x: pc.configuration.host = 'a'\nelse: c",
    "with pc as c, pc.x as pc.y: pass",
    "[pc for pc in pc]",
    "print(f'{pc!r:{c}}')",
    "match u:\n    case pc.User(pc=1, x=pc): pass",
    "global pc",
    "async def g():\n    await pc.UsersApi()",
    "@pc.User\ndef h(): pass",
    "try:\n    raise ApiException\nexcept* (ApiException, x): pass",
    "# only a comment",
    "'PureCloudPlatformClientV2.rest'",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=10), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_any_script_is_converted_whole_or_not_at_all(pieces: list[str], nested: bool, newline: str):
    text = "\n".join(pieces) + "\n"
    if nested:
        text = "import PureCloudPlatformClientV2 as pc\nif x:\n" + "".join(
            f"    {line}\n" for line in text.splitlines()
        )
    source = text.replace("\n", newline).encode()
    with contextlib.suppress(NotConvertible):
        _whole_or_not(source)


def _whole_or_not(source: bytes) -> None:
    outcome = convert(source)
    if outcome.changed:
        after = ast.walk(ast.parse(outcome.after))
        assert not _imported(outcome.before) & {node.id for node in after if isinstance(node, ast.Name)} - {"User"}
        assert not outcome.stays
        assert convert(outcome.after).after == outcome.after
    else:
        assert outcome.after == source


def _imported(source: bytes) -> set[str]:
    """Names that imports of the vendor's package bind."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.startswith("PureCloud")]
            found |= {alias.asname or "PureCloudPlatformClientV2" for alias in names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("PureCloud"):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def test_every_module_of_the_standard_library_that_names_the_package_is_read():
    chosen = random.Random(5).sample(sorted(Path(ast.__file__).parent.glob("*.py")), 12)
    for path in chosen:
        source = path.read_bytes() + b"\nimport PureCloudPlatformClientV2\n"
        with contextlib.suppress(NotConvertible):
            _whole_or_not(source)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_words(data: bytes):
    with contextlib.suppress(NotConvertible):
        _whole_or_not(data + b"\nimport PureCloudPlatformClientV2\n")


@pytest.mark.parametrize(
    "source", [b"(" * 5000, b"x = " + b"-" * 100_000 + b"1", b"\x00", b"# coding: nonsense\n", b"\xff"]
)
def test_what_is_not_python_is_refused(source: bytes):
    with pytest.raises(NotConvertible):
        convert(
            b"import PureCloudPlatformClientV2\n" + source if not source.startswith(b"#") else source + HEAD.encode()
        )


def test_scripts_without_the_package_are_left_alone():
    assert convert(b"this is ( not Python") == Outcome(b"this is ( not Python", b"this is ( not Python")


# --- the command --------------------------------------------------------------------------------


def _command(*arguments: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "genesyscloud.cli.main", "migrate", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_command_shows_and_writes(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(HEAD)
    script.chmod(0o750)
    link = tmp_path / "link.py"
    link.symlink_to(script)
    status, out, err = _command(link)
    assert (status, err) == (0, "")
    assert out.startswith(f"--- a/{link}\n+++ b/{link}\n@@")
    assert script.read_text() == HEAD
    assert _command("--write", link)[0] == 0
    assert script.read_text() == NEW_HEAD
    assert script.stat().st_mode & 0o777 == 0o750
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.py", "script.py"]
    assert _command("--write", link) == (0, "", "")


def test_command_says_what_is_to_decide_and_what_failed(tmp_path: Path):
    script = tmp_path / "script.py"
    text = f"{HEAD}client.call_api()\n"
    script.write_text(text)
    status, out, err = _command("--write", script)
    assert (status, out) == (1, "")
    assert f"{script}:4: decide: client.call_api" in err
    assert "python -m genesyscloud.compat" in err
    assert script.read_text() == text
    broken = tmp_path / "broken.py"
    broken.write_text("import PureCloudPlatformClientV2\nx = (\n")
    assert _command(broken, script)[0] == 2
    assert _command(tmp_path / "none.py")[0] == 2
    assert _command(tmp_path)[0] == 2


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = tmp_path / "script.py"
    script.write_text("before")

    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no"):
        replace_file(script, b"after")
    assert script.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]
