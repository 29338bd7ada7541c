"""Let a validator that others wrote, schemathesis, judge the sandbox by the definition.

Every operation is called with data made from the definition; a server error, or a reply that breaks its own schema, is
a failure. Arguments are passed on to ``schemathesis run`` (``-n 5`` for more data per operation).

Exits with the validator's status.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from genesyscloud.sandbox import Sandbox

DEFINITION = Path(__file__).parents[1] / "definition" / "publicapi-v2.json"
#: These end the token that all other requests are made with.
ENDS_THE_LOGIN = r"/api/v2/(tokens|oauth)|/api/v2/users/\{userId\}$|/scim"


def main(arguments: list[str]) -> int:
    """Start a sandbox, and the validator against it."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", str(DEFINITION), "--url", sandbox.serve(),
            "--header", f"Authorization: Bearer {sandbox.access_token()}",
            "--checks", "not_a_server_error,response_schema_conformance",
            "--phases", "examples,fuzzing", "--suppress-health-check", "all",
            "--exclude-path-regex", ENDS_THE_LOGIN, "-n", "2", *arguments,
        ]  # fmt: skip
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
