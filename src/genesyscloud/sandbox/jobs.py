"""Work that takes a while: a job is underway for some polls, then done, then it has results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .narrow import as_object
from .refusal import bad_request

if TYPE_CHECKING:
    from .core import Sandbox
    from .crud import Call

__all__ = ["polled", "shown_state"]

#: Paths of things that run and end; elsewhere a state is data like any other.
_JOB_PATH = re.compile(r"jobs?(/|$)|/query/|batchrequests|{(job|execution|transaction)Id}", re.IGNORECASE)


def shown_state(
    sandbox: Sandbox, call: Call, value: Any, ids: Iterable[str], *, poll: bool = True, finished: bool = False
) -> Any:
    """Put the state of a job into what a call is answered with.

    Args:
        sandbox: where the jobs are.
        call: the call.
        value: the answer so far; returned as it is when the reply has no state of a job.
        ids: ids that may be those of a job; others belong to jobs that ended long ago.
        poll: whether this call is one of the polls that bring the job nearer to its end.
        finished: whether the call makes sense only for a job that is done.

    Raises:
        Refusal: 400; the job is not done, but must be.
    """
    jobs = sandbox.store.jobs
    job = next((found for found in ids if found in jobs), "")
    polls = jobs[job] + poll if job else 0
    done = not job or polls > sandbox.settings.job_polls
    if job:
        jobs[job] = polls
    if finished and not done:
        raise bad_request(f"The job {job} is not done: its results cannot be read yet.")
    states = sandbox.shapes.job_states(sandbox.shapes.result(call.record))
    entries = as_object(value)
    if states is None or entries is None or not (job or _JOB_PATH.search(call.record.path)):
        return value
    state = states.done if done else states.underway[min(polls, len(states.underway) - 1)]
    failures = {wire for wire in entries if wire.lower().startswith(("error", "fail"))}
    return {wire: inner for wire, inner in entries.items() if wire not in failures} | {states.wire: state}


def polled(sandbox: Sandbox, job: str) -> bool:
    """Note that somebody asks how far a job is, and say whether it is done: what is no job ended long ago.

    For areas whose jobs do their work at once, and say so later; :func:`shown_state` is for all others.
    """
    jobs = sandbox.store.jobs
    polls = jobs.get(job)
    if polls is None or polls >= sandbox.settings.job_polls:
        return True
    jobs[job] = polls + 1
    return False
