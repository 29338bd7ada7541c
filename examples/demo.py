"""The main job, end to end, with the public API only; run by ``make demo``.

Starts a sandbox on a free port and works on it: log in, read, page, create, change, clear a field, handle a
missing thing, run an analytics job, 200 calls at once, export. With credentials in the environment
(``GENESYSCLOUD_OAUTHCLIENT_ID`` and ``…_SECRET``, or ``GENESYSCLOUD_ACCESS_TOKEN``, and ``GENESYSCLOUD_REGION``)
it does the part that only reads, against the real organization; also with a ``GENESYSCLOUD_CONFIG_FILE`` or
``GENESYSCLOUD_PROFILE`` that has them.
"""

from __future__ import annotations

import signal

# Ctrl-C ends the process on the spot, also where a shell has it ignored in the background. There is nothing to tidy up:
# the sandbox lives in this process, too. Said here, as it may come during the imports.
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import asyncio
import codecs
import contextlib
import csv
import io
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from genesyscloud import NULL, AsyncGenesysCloud, ClientCredentials, GenesysCloud
from genesyscloud.errors import ConfigurationError, GenesysCloudError, NotFound
from genesyscloud.jobs import Progress
from genesyscloud.models import AsyncConversationQuery, CreateQueueRequest, UpdateUser, WritableEntity

TERMINAL = bool(sys.stdout) and sys.stdout.isatty()
#: For an output whose encoding has no such characters.
PLAIN = {"✓": "+", "…": "...", "→": "->"}


class Report:
    """Says what is being done while it is done, and how long it took when it is."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, float]] = []

    @contextlib.contextmanager
    def step(self, title: str) -> Generator[list[str]]:
        """Time one step; what is appended to the list becomes its result."""
        outcome: list[str] = []
        self.progress(f"{title} …")
        start = time.perf_counter()
        yield outcome
        taken = time.perf_counter() - start
        self.rows.append((title, "; ".join(outcome), taken))
        self.progress("")
        print(f"  ✓ {title:<34} {'; '.join(outcome):<58} {taken * 1000:7.0f} ms", flush=True)

    @staticmethod
    def progress(text: str) -> None:
        """Show ``text`` on a line of its own that the next one replaces; only on a terminal."""
        if TERMINAL:
            print(f"\r\033[K  {text}", end="" if text else "\r", flush=True)


@contextlib.contextmanager
def sandbox() -> Generator[str]:
    """Run a sandbox in a thread, so that it ends with this process however that ends, and yield its address."""
    from genesyscloud.sandbox import Sandbox  # a real organization needs none

    with Sandbox() as running:
        yield running.serve(port=0)


def read(gc: GenesysCloud, report: Report) -> None:
    """The part that changes nothing."""
    with report.step("log in, read the organization") as outcome:
        outcome.append(str(gc.organization.get_organizations_me().name))
    with report.step("page through all users") as outcome:
        users = gc.paginate(gc.users.get_users, page_size=50)
        active = sum(user.state == "active" for user in users)
        outcome.append(f"{active} active")
    with report.step("page through all queues") as outcome:
        members = 0
        count = 0
        for count, queue in enumerate(gc.paginate(gc.routing.get_routing_queues, page_size=100), 1):
            members += queue.member_count or 0
            if count % 50 == 0:
                report.progress(f"page through all queues … {count}")
        outcome.append(f"{count} queues, {members:,} memberships")


def change(gc: GenesysCloud, report: Report) -> str:
    """Create a queue, fill it, change it; patch a user. Returns the id of the queue."""
    with report.step("create a queue") as outcome:
        queue = gc.routing.post_routing_queues(CreateQueueRequest(name="Demo support", description="made by the demo"))
        assert queue.id is not None
        outcome.append(f"{queue.name} ({queue.id})")
    with report.step("add members") as outcome:
        users = list(gc.paginate(gc.users.get_users).limit(5))
        gc.routing.post_routing_queue_members(queue.id, [WritableEntity(id=user.id) for user in users])
        listed = [member.name for member in gc.paginate(gc.routing.get_routing_queue_members, queue.id)]
        outcome.append(f"{len(listed)} members")
    with report.step("read, change, write") as outcome:
        queue = gc.routing.get_routing_queue(queue.id)
        queue.description = "changed by the demo"
        queue = gc.routing.put_routing_queue(queue.id or "", queue)
        outcome.append(f"description is now {queue.description!r}")
    with report.step("patch a user, clear a field") as outcome:
        user_id = users[0].id or ""
        user = gc.users.patch_user(user_id, {"title": "Agent of the month", "version": users[0].version})
        before = user.title
        user = gc.users.patch_user(user_id, UpdateUser(title=NULL, version=user.version))
        outcome.append(f"title {before!r} → {user.title!r}")
    with report.step("ask for what does not exist") as outcome:
        try:
            gc.routing.get_routing_queue("00000000-0000-4000-8000-000000000000")
        except NotFound as error:
            outcome.append(f"{type(error).__name__}: {error.code}, correlation id {error.correlation_id[:8]}…")
    return queue.id or ""


def analyse(gc: GenesysCloud, report: Report) -> None:
    """Run an analytics job and read its results."""
    with report.step("run an analytics details job") as outcome:
        end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        interval = f"{(end - timedelta(days=7)).isoformat()}/{end.isoformat()}".replace("+00:00", "Z")
        states: list[str] = []

        def seen(progress: Progress) -> None:
            states.append(progress.state)
            report.progress(f"analytics job {progress.state} …")

        results = gc.run_job(
            gc.analytics.post_analytics_conversations_details_jobs,
            AsyncConversationQuery(interval=interval),
            poll_interval=0.1,
            on_progress=seen,
        )
        count = sum(1 for _ in results)
        outcome.append(f"{' → '.join(states)}, {count} conversations")


async def flood(address: str, report: Report, calls: int = 200) -> None:
    """Many calls at once."""
    with report.step(f"{calls} calls, 32 at a time") as outcome:
        auth = ClientCredentials("sandbox", "sandbox")
        numbers = iter(range(calls))
        async with AsyncGenesysCloud(auth=auth, region=address, config_file="") as gc:

            async def work() -> None:
                for number in numbers:
                    await gc.users.get_users(page_size=1, page_number=number % 50 + 1)
                    if number % 20 == 0:
                        report.progress(f"{calls} calls … {number}")

            start = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(32)))
        outcome.append(f"{calls / (time.perf_counter() - start):.0f} calls/s")


def export(gc: GenesysCloud, report: Report) -> None:
    """Write users to a CSV file."""
    with report.step("export users as CSV") as outcome:
        path = Path(tempfile.gettempdir()) / f"genesyscloud-demo-{os.getpid()}.csv"
        try:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["id", "name", "email", "state"])
                for user in gc.paginate(gc.users.get_users, page_size=100):
                    writer.writerow([user.id, user.name, user.email, user.state])
        except BaseException:
            path.unlink(missing_ok=True)  # half an export is none
            raise
        lines = len(path.read_text(encoding="utf-8").splitlines()) - 1
        outcome.append(f"{lines} users, {path.stat().st_size:,} bytes in {path}")


def real_organization() -> GenesysCloud | None:
    """A client for the organization that the environment names, or ``None``.

    Raises:
        ConfigurationError: half of a login is there, or a file cannot be used.
    """
    said = {
        name
        for name, value in os.environ.items()
        if value.strip() and name.startswith(("GENESYSCLOUD_", "GENESYS_CLOUD_"))
    }
    login = any(part in name for name in said for part in ("CLIENT_ID", "CLIENT_SECRET", "ACCESS_TOKEN"))
    files = said & {"GENESYSCLOUD_CONFIG_FILE", "GENESYSCLOUD_PROFILE"}
    if not files:
        return GenesysCloud.from_env() if login else None
    try:
        return GenesysCloud()
    except ConfigurationError as error:
        if not str(error).startswith("no credentials"):
            raise
    print(f"No credentials where {' and '.join(sorted(files))} points: this is the sandbox.", flush=True)
    return None


def main() -> None:
    """Run the demo."""
    report = Report()
    start = time.perf_counter()
    gc = real_organization()
    if gc is not None:
        print(f"Reading from {gc!r}", flush=True)
        with gc:
            read(gc, report)
    else:
        with report.step("start a sandbox") as outcome:
            stack = contextlib.ExitStack()
            address = stack.enter_context(sandbox())
            outcome.append(address)
        auth = ClientCredentials("sandbox", "sandbox")
        # What files of this machine say is not meant for the sandbox.
        with stack, GenesysCloud(auth=auth, region=address, config_file="") as gc:
            read(gc, report)
            change(gc, report)
            analyse(gc, report)
            asyncio.run(flood(address, report))
            export(gc, report)
    longest = max(itertools.chain(report.rows), key=lambda row: row[2])
    taken = f"{len(report.rows)} steps in {time.perf_counter() - start:.1f} s"
    print(f"Done: {taken}; the longest was {longest[0]!r} with {longest[2]:.1f} s.", flush=True)


def plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for a character that the encoding of the output does not have; see :func:`codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return PLAIN.get(error.object[error.start], "?"), error.start + 1


def run() -> int:
    """Run the demo as a program, with any kind of output, and return the exit code."""
    output: TextIO | None = sys.stdout
    if output is None:
        print("The demo failed: there is no standard output to write to", file=sys.stderr)
        return 1
    codecs.register_error("plain", plain)
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(errors="plain")
    try:
        main()
        return 0
    except BrokenPipeError:
        pass  # nobody reads the report
    except (GenesysCloudError, OSError, RuntimeError) as error:
        above = "\n" if TERMINAL else ""  # the step that failed
        print(f"{above}The demo failed: {type(error).__name__}: {error}", file=sys.stderr)
    try:
        output.flush()
    except OSError:
        # What is left in its buffer would be tried once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
    return 1


if __name__ == "__main__":
    sys.exit(run())
