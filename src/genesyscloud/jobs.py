"""Submit a job, wait until it ends, hand out its results.

Some ninety operations only start work: ``POST P`` answers with an id, ``GET P/{id}`` tells the state and, for
queries, ``GET P/{id}/results`` hands out pages; ``DELETE P/{id}`` cancels where it exists. Which operations
belong together is read from their paths (:func:`job_family`), never listed.

With results: the twenty analytics jobs (aggregates of actions, agent copilots, agent utilizations, bots, case
management, conversations, copilots, evaluations, flow executions, flows, journeys, knowledge, resolutions,
summaries, surveys, tasks, transcripts and users; details of conversations and users), the two of social media,
audits, quality audits, cases, work items (query, bulk add, bulk terminate), journey outcome attributions and
the two of Nuance bots. Without: usage queries, whose status carries the rows, and exports, imports, recording
jobs, publishing, workforce management and the like, whose last status is the result.

:class:`Job` decides and does no I/O; :func:`run_job` and :func:`arun_job` carry out what it asks for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Generator, Mapping
from typing import Any, NamedTuple, Protocol, Self

from .catalog import Catalog, OperationRecord, catalog
from .clock import Clock
from .errors import DeadlineExceeded, GenesysCloudError, JobFailed, JobTimeout, TooManyRequests
from .names import nearest
from .operations import Operation, operation
from .pager import field
from .paging import apaginate, paginate, unbound
from .pipeline import refuse_awaitable

__all__ = ["Call", "Job", "JobFamily", "Progress", "Wait", "arun_job", "ended", "job_family", "poll_delay", "run_job"]

#: Where the reply to a submission carries the id, and a status its state, the surest first.
IDS = ("jobId", "executionId", "job", "id")
STATES = ("state", "status", "queryStatus", "jobState", "jobStatus")

#: States after which nothing more happens by itself, in lower case. The last line waits for the caller (a
#: recording job that is READY is started with ``put_recording_job``).
GOOD = frozenset({
    "fulfilled", "succeeded", "success", "complete", "completed", "finished",
    "completedwitherrors", "partialcompleted", "importcompleted", "importpartialcompleted",
    "ready", "validationcompleted", "parsecompleted",
})  # fmt: skip
BAD = frozenset({
    "failed", "failure", "error", "cancelled", "canceled", "expired", "aborted", "terminated",
    "internalerror", "incomplete", "importfailed", "validationfailed", "rollbackcomplete", "rollbackfailed",
})  # fmt: skip

#: Arguments of a job besides those of the operation that submits it.
OPTIONS = ("on_progress", "poll_interval", "timeout", "limit", "page_size")
POLL_INTERVAL = 1.0
MAX_POLL_INTERVAL = 30.0
TIMEOUT = 3600.0
#: Seconds for the look at a job when its time is over.
LAST_LOOK = 1.0
#: Seconds for cancelling a job: whoever has stopped waiting does not want to wait.
CANCEL_TIMEOUT = 2.0


class JobFamily(NamedTuple):
    """The operations of one kind of job; ``results`` and ``cancel`` where there are such."""

    submit: OperationRecord
    status: OperationRecord
    results: OperationRecord | None
    cancel: OperationRecord | None
    id_property: str
    state_property: str


class Progress(NamedTuple):
    """What ``on_progress`` is given after every look at a job; ``percent`` where the service tells it."""

    job_id: str
    state: str
    percent: float | None
    elapsed: float


class Call(NamedTuple):
    """An operation is to be called, in so many seconds, where its end is not only the client's affair."""

    operation: Operation
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    seconds: float | None = None
    retry: bool = True


class Wait(NamedTuple):
    """Some time is to pass."""

    seconds: float


class Tell(NamedTuple):
    """The caller is to be told."""

    hook: Callable[[Progress], object]
    progress: Progress


class _Caller(Protocol):
    @property
    def _clock(self) -> Clock: ...
    def _hurried(self, seconds: float, retry: bool, /) -> Self: ...
    def _invoke(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Any: ...
    def _respond(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], /) -> Any: ...


# --- rules --------------------------------------------------------------------------------------


def job_family(record: OperationRecord, source: Catalog) -> JobFamily | None:
    """Return the family of jobs that ``record`` submits, or ``None`` when it submits none."""
    id_property = next((wire for wire in IDS if wire in _wires(record.result, source)), "")
    if record.method != "POST" or not id_property:
        return None
    names = {name for group in record.groups for name in source.group(group).operations}
    siblings: dict[tuple[str, str], OperationRecord] = {}
    for name in names:
        other = source.operation(name)
        rest = other.path.removeprefix(f"{record.path}/")
        if rest != other.path and rest.startswith("{"):
            siblings.setdefault((other.method, rest.partition("}")[2]), other)
        elif rest != other.path and rest.startswith("results/{") and rest.endswith("}"):
            siblings.setdefault((other.method, "/results"), other)
    results = siblings.get(("GET", "/results"))
    status = siblings.get(("GET", "")) or results
    if status is None or not (results or record.path.endswith("jobs")):
        return None
    state_property = _state_property(status, source)
    if not state_property:
        return None
    results = None if results is status else results
    return JobFamily(record, status, results, siblings.get(("DELETE", "")), id_property, state_property)


def _wires(type_: str, source: Catalog) -> set[str]:
    return {prop.wire for prop in source.model(type_[1:]).properties} if type_.startswith("#") else set()


def _state_property(status: OperationRecord, source: Catalog) -> str:
    """The property that tells when a job has ended: one that can have a value which means that."""
    if not status.result.startswith("#"):
        return ""
    found = {prop.wire: prop.enum or [] for prop in source.model(status.result[1:]).properties}
    return next((wire for wire in STATES if any(value.lower() in GOOD for value in found.get(wire, []))), "")


def ended(state: str) -> bool | None:
    """Return whether a job in this state ended well (``True``), badly (``False``) or not yet (``None``).

    >>> ended("FULFILLED"), ended("Failed"), ended("RUNNING")
    (True, False, None)
    """
    state = state.lower()
    return True if state in GOOD else False if state in BAD else None


def poll_delay(looks: int, first: float = POLL_INTERVAL) -> float:
    """Return how many seconds to wait after so many looks: half as long again each time, up to 30.

    >>> [poll_delay(looks) for looks in (0, 1, 2, 20)]
    [1.0, 1.5, 2.25, 30.0]
    """
    return min(first * 1.5 ** min(looks, 50), max(first, MAX_POLL_INTERVAL))


def _reason(status: Any) -> str:
    """What a status says of a failure, wherever its family keeps that."""
    for wire in ("errorMessage", "error", "errorInformation", "errorInfo", "errorBody", "errors", "messages"):
        found = field(status, wire)
        found = found[0] if isinstance(found, list) and found else found  # pyright: ignore[reportUnknownVariableType]
        text = found if isinstance(found, str) else field(found, "message") or field(found, "text")
        if text:
            return str(text)
    return ""


def _refuse_unknown(record: OperationRecord, given: Mapping[str, Any]) -> None:
    """Name the nearest argument, of the job or of the operation that submits it."""
    known = [parameter.name for parameter in record.parameters] + (["body"] if record.body else [])
    for name in given:
        if name not in known:
            raise TypeError(f"run_job() of {record.name} has no argument {name!r}.{nearest(name, [*known, *OPTIONS])}")


# --- one job ------------------------------------------------------------------------------------


class Job:
    """One job from submission to its end, without I/O.

    Args:
        record: the operation that submits it.
        args, kwargs: its arguments, and ``poll_interval`` (seconds before the second look, growing),
            ``timeout`` (seconds in all, ``None`` for no end), ``on_progress`` (given a :class:`Progress`; with an
            async client it may be a coroutine function), ``limit`` and ``page_size``.

    Raises:
        GenesysCloudError: the operation does not submit a job.
        TypeError: there is no such argument.
    """

    def __init__(self, record: OperationRecord, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        family = job_family(record, catalog())
        if family is None:
            error = GenesysCloudError("submits no job: no operation tells the state of what it starts")
            error.operation = record.name
            raise error
        self.family = family
        given = dict(kwargs)
        self._interval: float = given.pop("poll_interval", POLL_INTERVAL)
        self._timeout: float | None = given.pop("timeout", TIMEOUT)
        self.on_progress: Callable[[Progress], object] | None = given.pop("on_progress", None)
        self._paging = {"limit": given.pop("limit", None)}
        if not any(parameter.name == "page_size" for parameter in record.parameters):
            self._paging["page_size"] = given.pop("page_size", None)
        if self._interval <= 0 or (self._timeout is not None and self._timeout <= 0):
            raise ValueError("poll_interval and timeout must be more than 0 seconds")
        _refuse_unknown(record, given)
        self._args, self._kwargs = args, given
        self.id = ""
        self._open = False

    def _path(self) -> tuple[Any, ...]:
        """The path arguments of the submission and the id: the path of every other operation of the family."""
        names = [parameter.name for parameter in self.family.submit.parameters if parameter.place == "path"]
        values = dict(zip(names, self._args, strict=False)) | self._kwargs
        return (*(values[name] for name in names), self.id)

    def steps(self, now: Callable[[], float]) -> Generator[Call | Wait | Tell, Any, Any]:
        """Yield what is to be done and receive what came of it, or the error.

        Return the results where they come in one piece, else the last status.

        Raises:
            JobFailed: the job ended without a result.
            JobTimeout: it did not end in time.
        """
        start = now()
        end = None if self._timeout is None else start + self._timeout
        status = submitted = yield from self._asked(self.family.submit, self._args, self._kwargs, None, now, end)
        found = field(submitted, self.family.id_property)
        self.id = str((found if isinstance(found, str) else field(found, "id")) or "")
        looks = 0
        self._open = ended(self._state(status)) is None
        if self._open and not self.id:
            self._open = False
            raise self._failed(JobFailed, "the reply to the submission has no id", status)
        while self._open:
            left = None if end is None else end - now()
            if left is not None and left <= 0:
                raise self._late(status)
            delay = poll_delay(looks, self._interval)
            yield Wait(delay if left is None else min(delay, left))
            status = yield from self._asked(self.family.status, self._path(), {}, status, now, end)
            looks += 1
            self._open = ended(self._state(status)) is None
            if self.on_progress is not None:
                yield Tell(self.on_progress, self._progress(status, now() - start))
        if ended(self._state(status)) is False:
            raise self._failed(JobFailed, _reason(status) or "the service gave no reason", status)
        results = self.family.results
        if results is None or results.paging is not None:
            return status
        return (yield from self._asked(results, self._path(), {}, status, now, end))

    def _state(self, status: Any) -> str:
        return str(field(status, self.family.state_property) or "")

    def _asked(
        self,
        record: OperationRecord,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        status: Any,
        now: Callable[[], float],
        end: float | None,
    ) -> Generator[Call, Any, Any]:
        """Call an operation within the time of the job; ``status`` is what is known of it before."""
        # A look when the time is over has some seconds all the same: the job may have ended meanwhile.
        seconds = None if end is None else max(end - now(), LAST_LOOK)
        try:
            return (yield Call(operation(record.name), args, kwargs, seconds))
        except (DeadlineExceeded, TooManyRequests) as error:
            pause = (error.retry_after or 0.0) if isinstance(error, TooManyRequests) else 0.0
            if end is None or now() + pause < end:
                raise
            raise self._late(status) from error

    def _progress(self, status: Any, elapsed: float) -> Progress:
        percent = field(status, "percentProgress")
        percent = float(percent) if isinstance(percent, int | float) else None
        return Progress(self.id, self._state(status), percent, elapsed)

    def _late(self, status: Any) -> JobFailed:
        what = "hand out its results" if ended(self._state(status)) else "end"
        return self._failed(JobTimeout, f"did not {what} within {self._timeout:g} seconds", status)

    def _failed(self, kind: type[JobFailed], why: str, status: Any) -> JobFailed:
        state = self._state(status)
        error = kind(f"job {self.id or '?'} {state or 'in no known state'}: {why}", self.id, state, status)
        error.operation = self.family.submit.name
        return error

    def cancelling(self) -> Call | None:
        """Return the call that cancels the job, or ``None`` when it has ended or cannot be cancelled."""
        if not self._open or not self.id or self.family.cancel is None:
            return None
        return Call(operation(self.family.cancel.name), self._path(), {}, CANCEL_TIMEOUT, retry=False)

    def fetching(self) -> Call | None:
        """Return the call for the results, or ``None`` when they do not come in pages."""
        if self.family.results is None or self.family.results.paging is None:
            return None
        extra = {name: value for name, value in self._paging.items() if value is not None}
        return Call(operation(self.family.results.name), self._path(), extra)


def _refuse_coroutines(hook: Any) -> None:
    """Refuse what can only be awaited before anything is sent; :func:`refuse_awaitable` meets what does not show it."""
    import inspect

    if inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(getattr(hook, "__call__", None)):  # noqa: B004
        raise TypeError("on_progress: an async function needs AsyncGenesysCloud")


def _invoke(client: _Caller, call: Call) -> Any:
    view = client if call.seconds is None else client._hurried(call.seconds, call.retry)  # pyright: ignore[reportPrivateUsage]
    return view._invoke(call.operation, call.args, call.kwargs)  # pyright: ignore[reportPrivateUsage]


def run_job(client: _Caller, op: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Submit a job, wait for its end and return its results; the work of ``gc.run_job``.

    Args:
        client: the client to call with.
        op: the operation that submits (``gc.analytics.post_analytics_conversations_details_jobs``).
        args, kwargs: its arguments and those of :class:`Job`.

    Returns:
        :class:`~genesyscloud.paging.Pages` where the results come in pages (nothing of them is fetched yet),
        the results where they come in one piece, else the last status.

    Raises:
        JobFailed: the job ended without a result.
        JobTimeout: it did not end in time; it was cancelled where that is possible.
        GenesysCloudError: ``op`` does not submit a job.
        TypeError: ``on_progress`` is a coroutine function, for which it takes an async client; nothing was sent.

    An exception on the way, Ctrl-C included, cancels the job where that is possible, in no more than 2 seconds.
    """
    job = Job(unbound(op).record, args, kwargs)
    _refuse_coroutines(job.on_progress)
    clock = client._clock  # pyright: ignore[reportPrivateUsage]
    steps = job.steps(clock.monotonic)
    try:
        todo = next(steps)
        while True:
            came = None
            try:
                if isinstance(todo, Wait):
                    clock.sleep(todo.seconds)
                elif isinstance(todo, Tell):
                    refuse_awaitable(todo.hook(todo.progress))
                else:
                    came = _invoke(client, todo)
            except BaseException as error:
                todo = steps.throw(error)
            else:
                todo = steps.send(came)
    except StopIteration as stop:
        result = stop.value
    except BaseException:
        cancel = job.cancelling()
        if cancel is not None:
            # The reason to stop is worth more than whatever goes wrong while tidying up.
            with contextlib.suppress(Exception):
                _invoke(client, cancel)
        raise
    fetch = job.fetching()
    return result if fetch is None else paginate(client, *fetch[:3])


def arun_job(client: _Caller, op: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Coroutine[Any, Any, Any]:
    """:func:`run_job` for an async client; cancelling the task cancels the job where that is possible.

    Like everywhere on that client, arguments without a meaning are refused here, not when the result is awaited.
    """
    return _arun(client, Job(unbound(op).record, args, kwargs))


async def _arun(client: _Caller, job: Job) -> Any:
    clock = client._clock  # pyright: ignore[reportPrivateUsage]
    steps = job.steps(clock.monotonic)
    try:
        todo = next(steps)
        while True:
            came = None
            try:
                if isinstance(todo, Wait):
                    await clock.asleep(todo.seconds)
                elif isinstance(todo, Tell):
                    told: Any = todo.hook(todo.progress)
                    if hasattr(told, "__await__"):
                        await told
                else:
                    came = await _invoke(client, todo)
            except BaseException as error:
                todo = steps.throw(error)
            else:
                todo = steps.send(came)
    except StopIteration as stop:
        result = stop.value
    except BaseException:
        cancel = job.cancelling()
        if cancel is not None:
            with contextlib.suppress(Exception):
                await _invoke(client, cancel)
        raise
    fetch = job.fetching()
    return result if fetch is None else apaginate(client, *fetch[:3])
