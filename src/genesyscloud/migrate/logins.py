"""Plans what becomes of settings, logins and API classes: ``GenesysCloud(auth=…)`` and its groups."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from .facts import Thing
from .survey import Code, Survey, dotted

__all__ = ["plan"]

CREDENTIALS = ("client_id", "client_secret")
GRANT = "get_client_credentials_token"
#: Clients whose text is longer are made on several lines.
WIDTH = 80
#: How an address is asked of a region.
_ADDRESS = ("get_api_host", "apihost", "value")


class _Host(NamedTuple):
    """Where the address was set, and the argument that takes its place."""

    statement: cst.SimpleStatementLine
    argument: str


def plan(found: Survey) -> None:
    """Plan settings and logins, then API classes, which need a client."""
    _Logins(found).plan()


class _Logins:
    def __init__(self, found: Survey) -> None:
        self.found = found
        self.host: _Host | None = None
        #: Names of clients in the script.
        self.clients: set[str] = set()
        #: Attributes of clients in statements that are planned.
        self.planned: set[cst.CSTNode] = set()
        #: Where the login of ``configuration.access_token`` was, and the name of the client that takes its place.
        self.ambient: tuple[cst.SimpleStatementLine, str] | None = None

    def plan(self) -> None:
        found = self.found
        self._host()
        self._token()
        for node in [node for node, thing in found.references.items() if thing == Thing("ApiClient")]:
            self._client(node)
        self._token_of_client()
        for node, thing in list(found.references.items()):
            if thing.kind == "api" and not thing.rest:
                self._api(node, thing)
        if self.clients:
            found.module.visit(_ClientUses(found, self.clients, self.planned))

    # --- settings --------------------------------------------------------------------------------

    def _assigned(self, setting: str) -> tuple[cst.CSTNode, cst.SimpleStatementLine, cst.BaseExpression] | None:
        """Return where a setting is given its only value, by a statement of its own: reference, line and value."""
        wanted = Thing("configuration", "", (setting,))
        nodes = [node for node, thing in self.found.references.items() if thing == wanted]
        if len(nodes) != 1:
            return None
        target = self.found.parents[nodes[0]]
        assign = self.found.parents[target]
        if not (isinstance(target, cst.AssignTarget) and isinstance(assign, cst.Assign) and len(assign.targets) == 1):
            return None
        line = self.found.statement(assign)
        return None if line is None else (nodes[0], line, assign.value)

    def _host(self) -> None:
        found = self.found
        place = self._assigned("host")
        if place is None:
            return
        node, line, value = place
        argument = self._region(line, value)
        if not argument and found.has_references(value):
            return
        if not argument and isinstance(value, cst.SimpleString):
            argument = f"api_host={found.text(value)}"
        if argument:
            found.statements[line] = lambda updated, code: []
        else:
            name = found.unused("api_host", "genesys_host")
            argument = f"api_host={name}"
            found.statements[line] = lambda updated, code: [f"{name} = {code(_value(updated))}"]
        found.claim(node)
        self.host = _Host(line, argument)

    def _region(self, line: cst.SimpleStatementLine, value: cst.BaseExpression) -> str:
        """Return the argument for the address of one of the vendor's regions; empty for another address."""
        found = self.found
        asked = value.func if isinstance(value, cst.Call) and not value.args else value
        if not (isinstance(asked, cst.Attribute) and asked.attr.value in _ADDRESS):
            return ""
        if (asked.attr.value == "get_api_host") != isinstance(value, cst.Call):
            return ""
        thing = found.references.get(asked)
        if thing is not None and thing.kind == "PureCloudRegionHosts" and len(thing.rest) == 2:
            found.claim(asked)
            return f'region="{thing.rest[0]}"'
        if isinstance(asked.value, cst.Name):
            return self._named_region(line, asked.value.value)
        return ""

    def _named_region(self, line: cst.SimpleStatementLine, name: str) -> str:
        """The same for ``region = PureCloudRegionHosts.x``, where that is all that the script does with the name."""
        found = self.found
        finder = _Assignments(name)
        found.module.visit(finder)
        if finder.uses != 2 or len(finder.assigns) != 1:
            return ""
        assign = finder.assigns[0]
        thing = found.references.get(assign.value)
        made = found.statement(assign)
        if thing is None or thing.kind != "PureCloudRegionHosts" or len(thing.rest) != 1 or made is None:
            return ""
        if not found.reaches(made, line):
            return ""
        region = thing.rest[0]
        found.claim(assign.value)
        found.statements[made] = lambda updated, code: [f'{name} = "{region}"']
        return f"region={name}"

    def _token(self) -> None:
        found = self.found
        place = self._assigned("access_token")
        if place is None or found.has_references(place[2]) or (dotted(place[2]) or ("",))[-1] == "access_token":
            return
        node, line, _ = place
        name = found.unused("gc", "genesys_cloud")
        self._plan_token(line, name)
        found.claim(node)
        self.ambient = (line, name)

    def _token_of_client(self) -> None:
        """``configuration.access_token = client.access_token``: the same client then, for who names none."""
        place = self._assigned("access_token")
        path = dotted(place[2]) if place is not None else None
        if place is None or path is None or path[-1] != "access_token" or ".".join(path[:-1]) not in self.clients:
            return
        node, line, value = place
        self.found.statements[line] = lambda updated, code: []
        self.found.claim(node)
        self.planned.add(value)
        self.ambient = (line, ".".join(path[:-1]))

    def _plan_token(self, line: cst.SimpleStatementLine, name: str) -> None:
        """Plan the statement that sets a token: it makes the client."""
        self._needs("AccessToken")
        self.clients.add(name)
        host = self._host_for(line)
        self.found.statements[line] = lambda updated, code: [
            f"{name} = {_client(f'AccessToken({code(_value(updated))})', host)}"
        ]

    def _needs(self, auth: str) -> None:
        for name in (auth, "GenesysCloud"):
            self.found.need(self.found.module, "genesyscloud", name)

    def _host_for(self, line: cst.CSTNode) -> str:
        if self.host is None:
            return ""
        if not self.found.reaches(self.host.statement, line):
            self.found.decide(
                self.host.statement,
                "configuration.host",
                "it is not sure that it is set before the login",
                "set it in the line before the login, or pass it to GenesysCloud(…)",
            )
        return self.host.argument

    # --- clients ---------------------------------------------------------------------------------

    def _client(self, node: cst.CSTNode) -> None:
        """``ApiClient()`` and the login of it."""
        found = self.found
        made = found.parents[node]
        if not (isinstance(made, cst.Call) and made.func is node and not made.args):
            return
        holder = found.parents[made]
        if isinstance(holder, cst.Attribute) and holder.attr.value == GRANT:
            login = found.parents[holder]
            if isinstance(login, cst.Call) and login.func is holder and self._login(login):
                found.claim(node)
                self.planned.add(holder)
        elif isinstance(holder, cst.Assign) and len(holder.targets) == 1:
            line, name = found.statement(holder), dotted(holder.targets[0].target)
            if line is not None and name is not None and self._later(line, ".".join(name)):
                found.claim(node)

    def _login(self, login: cst.Call) -> bool:
        """Plan the statement of a login with client credentials; return whether it is one that can be planned."""
        found = self.found
        small = found.parents[login]
        line = found.statement(small)
        if line is None or _credentials(login) is None:
            return False
        if isinstance(small, cst.Assign) and len(small.targets) == 1:
            path = dotted(small.targets[0].target)
            if path is None:
                return False
            name = ".".join(path)
            self.clients.add(name)
            self._plan_login(line, name)
            return True
        if isinstance(small, cst.Return):
            self._plan_login(line, found.unused("gc", "genesys_cloud"), "return {}")
            return True
        return False

    def _plan_login(self, line: cst.SimpleStatementLine, name: str, last: str = "") -> None:
        host = self._host_for(line)
        self._needs("ClientCredentials")
        self.found.logins.append(line)

        def become(updated: cst.SimpleStatementLine, code: Code) -> list[str]:
            login = _value(updated)
            assert isinstance(login, cst.Call)
            given = _credentials(login)
            assert given is not None
            auth = f"ClientCredentials({', '.join(code(value) for value in given)})"
            made = [f"{name} = {_client(auth, host)}", f"{name}.login()"]
            return [*made, last.format(name)] if last else made

        self.found.statements[line] = become

    def _later(self, line: cst.SimpleStatementLine, name: str) -> bool:
        """``client = ApiClient()``, with its login in a later statement of the same block."""
        found = self.found
        block = found.parents[line]
        assert isinstance(block, cst.Module | cst.IndentedBlock)
        following = [entry for entry in block.body if found.line(entry) > found.line(line)]
        for entry in following:
            if not found.mentions(entry, name):
                continue
            if isinstance(entry, cst.SimpleStatementLine) and len(entry.body) == 1:
                done = self._logs_in(entry, name)
                if done:
                    found.statements[line] = lambda updated, code: []
                    return True
            break
        if self.ambient is not None and found.reaches(self.ambient[0], line):
            client = self.ambient[1]
            found.statements[line] = lambda updated, code: [f"{name} = {client}"]
            self.clients.add(name)
            return True
        return False

    def _logs_in(self, line: cst.SimpleStatementLine, name: str) -> bool:
        small = line.body[0]
        value = small.value if isinstance(small, cst.Expr | cst.Assign) else None
        if isinstance(value, cst.Call) and _credentials(value) is not None:
            if dotted(value.func) != (*name.split("."), GRANT):
                return False
            self.planned.add(value.func)
            if isinstance(small, cst.Expr):
                self.clients.add(name)
                self._plan_login(line, name)
                return True
            assert isinstance(small, cst.Assign)
            path = dotted(small.targets[0].target) if len(small.targets) == 1 else None
            if path is None:
                return False
            target = ".".join(path)
            self.clients |= {name, target}
            self._plan_login(line, name, "" if target == name else f"{target} = {{}}")
            return True
        if isinstance(small, cst.Assign) and len(small.targets) == 1:
            if dotted(small.targets[0].target) != (*name.split("."), "access_token"):
                return False
            if self.found.has_references(small.value):
                return False
            self.planned.add(small.targets[0].target)
            self._plan_token(line, name)
            return True
        return False

    # --- API classes -----------------------------------------------------------------------------

    def _api(self, node: cst.CSTNode, thing: Thing) -> None:
        """``UsersApi(client)`` becomes ``client.users``."""
        found = self.found
        made = found.parents[node]
        if not (isinstance(made, cst.Call) and made.func is node):
            return
        if not made.args:
            if self.ambient is None or not found.reaches(self.ambient[0], made):
                return
            client = self.ambient[1]
            found.expressions[made] = lambda updated, code: f"{client}.{thing.name}"
        elif len(made.args) == 1 and not made.args[0].star and dotted(made.args[0].value) is not None:
            keyword = made.args[0].keyword
            if keyword is not None and keyword.value != "api_client":
                return
            if not self.clients and not found.logins:
                why = "its client comes from elsewhere"
                found.decide(
                    made, found.text(made), why, "convert the script that logs in together with this one, by hand"
                )
            found.expressions[made] = lambda updated, code: f"{code(_first(updated))}.{thing.name}"
        else:
            return
        found.claim(node)


def _first(call: cst.CSTNode) -> cst.BaseExpression:
    assert isinstance(call, cst.Call)
    return call.args[0].value


def _value(line: cst.SimpleStatementLine) -> cst.BaseExpression:
    small = line.body[0]
    assert isinstance(small, cst.Assign | cst.Return | cst.Expr)
    assert small.value is not None
    return small.value


def _client(auth: str, host: str) -> str:
    given = [f"auth={auth}", host] if host else [f"auth={auth}"]
    text = f"GenesysCloud({', '.join(given)})"
    if len(text) <= WIDTH:
        return text
    lines = "".join(f"    {argument},\n" for argument in given)
    return f"GenesysCloud(\n{lines})"


def _credentials(login: cst.Call) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """Return id and secret of a login, or ``None`` when they are not there one by one."""
    given: dict[str, cst.BaseExpression] = {}
    for place, argument in enumerate(login.args):
        if argument.star or place >= len(CREDENTIALS):
            return None
        name = argument.keyword.value if argument.keyword is not None else CREDENTIALS[place]
        given[name] = argument.value
    if given.keys() != set(CREDENTIALS):
        return None
    return given["client_id"], given["client_secret"]


class _Assignments(cst.CSTVisitor):
    """Counts how often a name is used, and finds its assignments."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.uses = 0
        self.assigns: list[cst.Assign] = []
        self._name = name

    def visit_Name(self, node: cst.Name) -> None:
        self.uses += node.value == self._name

    def visit_Assign(self, node: cst.Assign) -> None:
        if len(node.targets) == 1 and dotted(node.targets[0].target) == (self._name,):
            self.assigns.append(node)


#: What only the vendor's client has, and what takes its place.
_CLIENT_ONLY = {
    "call_api": "gc.request(method, path, …)",
    "default_headers": "GenesysCloud(headers={…})",
    "set_default_header": "GenesysCloud(headers={…})",
    "last_response": "gc.with_response(gc.users.get_users, …)",
    "set_gateway": "GenesysCloud(gateway=GatewaySettings(…))",
    "set_http_client": "GenesysCloud(transport=…)",
    "get_http_client": "GenesysCloud(transport=…)",
    "get_saml2bearer_token": "GenesysCloud(auth=Saml2Bearer(…))",
    "get_code_authorization_token": "GenesysCloud(auth=AuthorizationCode(…))",
    "refresh_code_authorization_token": "GenesysCloud(auth=RefreshToken(…)), which renews by itself",
    "get_pkce_token": "GenesysCloud(auth=PKCE(…))",
    "handle_expired_access_token": "gc.login(renew=True)",
    "sanitize_for_serialization": "model.to_dict()",
    GRANT: "GenesysCloud(auth=ClientCredentials(…))",
}


class _ClientUses(cst.CSTVisitor):
    """Finds what a script does with its clients besides giving them to API classes."""

    def __init__(self, found: Survey, clients: set[str], planned: set[cst.CSTNode]) -> None:
        super().__init__()
        self._found = found
        self._clients = clients
        self._planned = planned

    def visit_Attribute(self, node: cst.Attribute) -> None:
        found, name = self._found, node.attr.value
        path = dotted(node.value)
        mine = path is not None and ".".join(path) in self._clients
        if not (mine or name in _CLIENT_ONLY) or node in self._planned:
            return
        why = "clients of this package have nothing of that name"
        suggestion = "gc.token.access_token, after gc.login()" if name == "access_token" else "see docs/migrate.md"
        found.decide(node, found.text(node), why, f"use {_CLIENT_ONLY.get(name, suggestion)}")
