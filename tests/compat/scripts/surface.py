"""A script for the vendor's package, which runs on both sides unchanged: carries out a plan and writes what came of it.

usage: surface.py (operations|models) URL PLAN RESULTS — plan and results are files of JSON lines.
"""

# pyright: basic, reportMissingImports=false
# Written as scripts for the vendor's package are: without types.

import inspect
import json
import sys
import warnings
from datetime import date, datetime
from typing import Any

import PureCloudPlatformClientV2

LONG = "x" * 100000


def described(value):
    """What a value is, to the last type."""
    if hasattr(value, "swagger_types"):
        return {type(value).__name__: {name: described(getattr(value, name)) for name in value.swagger_types}}
    if isinstance(value, list):
        return [described(item) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: described(item) for key, item in value.items()}}
    return f"{type(value).__name__}: {value!r}"


def filled(type_name, value) -> Any:
    """A model of that type, set attribute by attribute."""
    if value is None:
        return None
    if type_name.startswith("list["):
        return [filled(type_name[5:-1], item) for item in value]
    if type_name.startswith("dict("):
        return {key: filled(type_name[10:-1], item) for key, item in value.items()}
    if type_name == "datetime":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if type_name == "date":
        return date.fromisoformat(value)
    if type_name == "YearMonth":
        year, month = value.split("-")
        return PureCloudPlatformClientV2.YearMonth(int(year), int(month))
    if not hasattr(PureCloudPlatformClientV2.models, type_name):
        return value
    model = getattr(PureCloudPlatformClientV2, type_name)()
    for name, inner in model.swagger_types.items():
        wire = model.attribute_map[name]
        if wire in value:
            setattr(model, name, filled(inner, value[wire]))
    return model


def decoded(value):
    if isinstance(value, dict):
        if "$date" in value:
            return date.fromisoformat(value["$date"])
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        if "$model" in value:
            return filled(value["$model"], value["value"])
        return {key: decoded(item) for key, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def signature(method):
    return [(p.name, str(p.kind), p.default is p.empty) for p in inspect.signature(method).parameters.values()]


def operation(step, client, url):
    client.host = f"{url}/operations/{step['id']}"
    api = getattr(PureCloudPlatformClientV2, step["class"])(client)
    result = {
        "id": step["id"],
        "module": type(api).__module__,
        "signature": signature(getattr(type(api), step["method"])),
    }
    args = [decoded(value) for value in step["args"]]
    kwargs = {name: decoded(value) for name, value in step["kwargs"].items()}
    try:
        value = getattr(api, step["method"])(*args, **kwargs)
    except Exception as error:
        return {**result, "error": f"{type(error).__module__}.{type(error).__name__}: {error}"}
    return {**result, "result": described(value), "repr": repr(value)}


class Reply:
    def __init__(self, data):
        self.data = json.dumps(data)

    def getheader(self, name, default=None):
        return "application/json"


def assigned(model):
    """What becomes of odd values, property by property, where something other than the value does."""
    found = {}
    for name in model.swagger_types:
        for value in ("no such value", 7, -(10**9), 10**9, LONG):
            try:
                setattr(model, name, value)
                kept = getattr(model, name)
                outcome = "" if kept is value or kept == value else repr(kept)[:100]
            except TypeError as error:
                # Limits of text, asked of a number.
                outcome = type(error).__name__
            except Exception as error:
                # The one limit that the vendor's generator writes in its own way.
                outcome = f"{type(error).__name__}: {error}".replace("1E+2", "100")
            if outcome:
                found.setdefault(name, []).append(outcome)
    return found


def model(step, client):
    cls = getattr(PureCloudPlatformClientV2, step["name"])
    empty = cls()
    value = client.deserialize(Reply(step["json"]), step["name"])
    built = filled(step["name"], step["json"])
    changed = filled(step["name"], step["json"])
    changed.no_such_attribute = 1
    return {
        "name": cls.__name__,
        "module": cls.__module__,
        "empty": [empty.to_json(), empty == cls(), sorted(map(str, vars(empty).items()))],
        "types": list(empty.swagger_types.items()),
        "map": list(empty.attribute_map.items()),
        "read": described(value),
        "str": value.to_str(),
        "json": value.to_json(),
        "sent": json.dumps(client.sanitize_for_serialization(value)),
        "built": [json.dumps(client.sanitize_for_serialization(built)), built == value, built != changed],
        "assigned": assigned(cls()),
    }


def main(what, url, plan, results):
    client = PureCloudPlatformClientV2.ApiClient(host=url)
    client.access_token = "a token"
    warnings.simplefilter("ignore")
    with open(plan, encoding="utf-8") as steps, open(results, "w", encoding="utf-8") as out:
        for line in steps:
            step = json.loads(line)
            outcome = operation(step, client, url) if what == "operations" else model(step, client)
            out.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
