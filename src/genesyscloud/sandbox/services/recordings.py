"""Recordings of conversations: what there is, its media, annotations, downloads in batches, and bulk jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ..analytics.intervals import parse_interval
from ..analytics.search import matching
from ..conversations.book import ListView, now_of
from ..conversations.record import iso, milliseconds
from ..conversations.recordings import PROTECTED, Recording, find, metadata, recordings, state_of, update
from ..crud import Answered, page
from ..downloads import File, link, maker
from ..narrow import as_list, as_object
from ..refusal import bad_request, not_found
from ..shapes import Listing
from ..sounds import FORMATS
from .conversation_messages import TABLE as TEXTS
from .conversations import body_of
from .registry import example_body, example_ids, seeded_ids, service, source

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call
    from ..shapes import CollectionShape
    from ..store import Collection, Entity

__all__: list[str] = []

PATH = "/api/v2/conversations/{}/recordings"
ANNOTATIONS = f"{PATH}/{{}}/annotations"
BATCHES = "/api/v2/recording/batchrequests"
JOBS = "/api/v2/recording/jobs"
DAY = 86_400_000
#: A format for those who want none, and that of a batch.
NO_MEDIA, BATCH = "NONE", "WAV"
#: How long it is said that a recording takes to be made ready, in milliseconds.
TRANSCODING = 2000


def _collection(sandbox: Sandbox, path: str, *ids: str) -> Collection:
    shape = sandbox.shapes.collection(path)
    assert shape is not None, path
    return sandbox.collection(shape, list(ids))


# --- what there is ------------------------------------------------------------------------------


def _present(sandbox: Sandbox, conversation_id: str) -> list[Recording]:
    record = sandbox.conversations.get(conversation_id)
    return [r for r in recordings(record) if state_of(sandbox, r) != "DELETED"] if record is not None else []


@source(PATH, "/api/v2/conversations/{}/recordingmetadata")
def view(sandbox: Sandbox, shape: CollectionShape, ids: Sequence[str]) -> Collection:
    """The recordings of a conversation, for everything that is generic."""
    found = {r.id: metadata(sandbox, r, []) for r in _present(sandbox, ids[0])}
    return ListView(shape, shape.path.format(sandbox.quoted(ids[0])), found)


@seeded_ids(ANNOTATIONS)
def no_annotations(sandbox: Sandbox, path: str) -> list[str]:
    """Nobody has annotated anything yet."""
    return []


def _the(sandbox: Sandbox, call: Call) -> Recording:
    found = find(sandbox, sandbox.conversations.find(call.ids[0]), call.ids[1])
    if found is None:
        raise not_found("recording", call.ids[1])
    return found


def _told(sandbox: Sandbox, recording: Recording) -> Entity:
    own = _collection(sandbox, ANNOTATIONS, recording.conversation.id, recording.id)
    return metadata(sandbox, recording, list(own))


@service("get_conversation_recordingmetadata")
def list_metadata(sandbox: Sandbox, call: Call) -> Any:
    """What is known of the recordings of a conversation."""
    return [_told(sandbox, recording) for recording in _present(sandbox, call.ids[0])]


@service("get_conversation_recordingmetadata_recording_id")
def one_metadata(sandbox: Sandbox, call: Call) -> Any:
    """What is known of one recording."""
    return _told(sandbox, _the(sandbox, call))


def _with_media(sandbox: Sandbox, call: Call, recording: Recording) -> Entity:
    """A recording with the address of its media, or with what was written."""
    told, length = _told(sandbox, recording), recording.end - recording.start
    told["users"] = [{"id": recording.participant.user_id, "name": recording.participant.name}]
    if told["fileState"] == "ARCHIVED":
        return told
    wanted = str(call.query.get("formatId") or "WEBM")
    if told["media"] == "audio" and wanted != NO_MEDIA:
        name = str(call.query.get("fileName") or recording.id)
        address = _address(sandbox, call, recording, wanted, name)
        told |= {"mediaUris": {"S": {"mediaUri": address}}, "outputDurationMs": length,
                 "actualTranscodeTimeMs": TRANSCODING, "estimatedTranscodeTimeMs": TRANSCODING,
                 "outputSizeInBytes": len(FORMATS[wanted].bytes(length / 1000))}  # fmt: skip
    elif told["media"] != "audio":
        wire = {"chat": "transcript", "email": "emailTranscript"}.get(told["media"], "messagingTranscript")
        told[wire] = _transcript(sandbox, recording)
    return told


def _address(sandbox: Sandbox, call: Call, recording: Recording, wanted: str, name: str) -> str:
    sound = FORMATS[wanted]
    return link(sandbox, call, "recordings", recording.conversation.id, recording.id, wanted, f"{name}.{sound.ending}")


def _transcript(sandbox: Sandbox, recording: Recording) -> list[Entity]:
    """What was written in a conversation, in the words of its kind of recording."""
    table, conversation = sandbox.store.table(TEXTS), recording.conversation
    ids = dict.fromkeys(found for _, session in conversation.sessions() for found in session.messages)
    rows = [table[key] for key in ids if key in table]
    if recording.session.media == "email":
        return rows
    return [
        {"id": row["id"], "from": row.get("fromAddress"), "to": row.get("toAddress"), "timestamp": row.get("timestamp"),
         "messageText": row.get("textBody"), "body": row.get("textBody"), "status": row.get("status"),
         "purpose": "agent" if row.get("direction") == "outbound" else "customer", "utc": row.get("timestamp")}
        for row in rows
    ]  # fmt: skip


def _ready(sandbox: Sandbox, call: Call, key: str) -> bool:
    """Whether media are ready: at once for those who wait, else after some polls."""
    wait = call.query.get("maxWaitMs")
    if wait is None or int(wait) >= TRANSCODING:
        return True
    polls = sandbox.store.jobs[key] = sandbox.store.jobs.get(key, 0) + 1
    return polls > sandbox.settings.job_polls


@service("get_conversation_recordings", personal=True)
def list_recordings(sandbox: Sandbox, call: Call) -> Any:
    """The recordings of a conversation; 202 while their media are being made ready."""
    found = _present(sandbox, call.ids[0])
    if found and not _ready(sandbox, call, call.ids[0]):
        waiting = [_told(sandbox, r) | {"estimatedTranscodeTimeMs": TRANSCODING} for r in found]
        return Answered(waiting, 202)
    return [_with_media(sandbox, call, recording) for recording in found]


@service("get_conversation_recording", personal=True)
def one_recording(sandbox: Sandbox, call: Call) -> Any:
    """One recording with its media."""
    return _with_media(sandbox, call, _the(sandbox, call))


@service("put_conversation_recording")
def change_recording(sandbox: Sandbox, call: Call) -> Any:
    """Change when a recording is archived, deleted or exported; bring it back from the archive."""
    recording, body = _the(sandbox, call), body_of(call)
    changes: Entity = {}
    for wire in ("archiveDate", "deleteDate", "exportDate", "restoreExpirationTime"):
        if wire in body:
            changes[wire] = _date(body[wire], wire)
    if call.query.get("clearExport"):
        changes |= {"exportDate": None, "exportedDate": None}
    if body.get("fileState") == "RESTORED" and "restoreExpirationTime" not in body:
        changes["restoreExpirationTime"] = iso(now_of(sandbox) + 7 * DAY)
    if changes.get("deleteDate") and recording.conversation.id in sandbox.store.table(PROTECTED):
        raise bad_request(
            f"The recordings of the conversation {recording.conversation.id} are protected from deletion."
        )
    update(sandbox, recording.id, changes)
    return _told(sandbox, recording)


def _date(value: Any, wire: str) -> str | None:
    if value is None:
        return None
    try:
        return iso(milliseconds(str(value)))
    except ValueError:
        raise bad_request(f"{wire} is not a date-time.", code="invalid.date") from None


@maker("recordings")
def media_file(sandbox: Sandbox, names: list[str]) -> File:
    """The media of a recording."""
    conversation_id, recording_id, wanted = (*names, "", "", "")[:3]
    record = sandbox.conversations.get(conversation_id)
    recording = find(sandbox, record, recording_id) if record is not None else None
    if recording is None or state_of(sandbox, recording) == "ARCHIVED":
        raise not_found("The file")
    if recording.session.media != "voice":
        return File(msgspec.json.encode(_transcript(sandbox, recording)), "application/json")
    sound = FORMATS.get(wanted)
    if sound is None:
        raise not_found("The file")
    return File(sound.bytes((recording.end - recording.start) / 1000), sound.content_type)


# --- downloads in batches -----------------------------------------------------------------------


@service("post_recording_batchrequests")
def ask_for_batch(sandbox: Sandbox, call: Call) -> Any:
    """Ask for many recordings at once."""
    wanted = [as_object(entry) or {} for entry in body_of(call)["batchDownloadRequestList"]]
    most = sandbox.settings.batch_downloads
    if not 0 < len(wanted) <= most:
        raise bad_request(f"A batch has 1 to {most} recordings.", code="invalid.value")
    job = sandbox.store.new_job()
    _collection(sandbox, BATCHES).put(job, {"id": job, "requests": wanted})
    return {"id": job, "selfUri": f"{BATCHES}/{job}"}


@service("get_recording_batchrequest", personal=True)
def batch(sandbox: Sandbox, call: Call) -> Any:
    """How far a batch is, and its files."""
    job, batches = call.ids[0], _collection(sandbox, BATCHES)
    if job not in batches or "requests" not in batches[job]:
        raise not_found("batch request", job)
    results = [result for wanted in batches[job]["requests"] for result in _results(sandbox, call, wanted)]
    polls = sandbox.store.jobs[job] = sandbox.store.jobs.get(job, 0) + 1
    done = polls > sandbox.settings.job_polls
    shown = results if done else results[: len(results) * polls // (sandbox.settings.job_polls + 1)]
    return {
        "id": job, "jobId": job, "expectedResultCount": len(results), "resultCount": len(shown),
        "errorCount": sum("errorMsg" in result for result in shown), "status": "Completed" if done else "InProgress",
        "results": shown, "selfUri": call.path,
    }  # fmt: skip


def _results(sandbox: Sandbox, call: Call, wanted: Entity) -> Iterable[Entity]:
    conversation_id, recording_id = str(wanted.get("conversationId") or ""), str(wanted.get("recordingId") or "")
    found = [r for r in _present(sandbox, conversation_id) if recording_id in ("", r.id)]
    if not found:
        known = sandbox.conversations.get(conversation_id) is not None
        what = f"recording {recording_id}" if recording_id else "recording" if known else "conversation"
        yield {"conversationId": conversation_id, "recordingId": recording_id or None,
               "errorMsg": f"The {what} of the conversation {conversation_id} was not found."}  # fmt: skip
    for recording in found:
        base = {"conversationId": conversation_id, "recordingId": recording.id}
        if state_of(sandbox, recording) == "ARCHIVED":
            yield base | {"errorMsg": f"The recording {recording.id} is archived: restore it first."}
        elif recording.session.media == "voice":
            address = _address(sandbox, call, recording, BATCH, recording.id)
            yield base | {"resultUrl": address, "contentType": FORMATS[BATCH].content_type}
        else:
            address = link(sandbox, call, "recordings", conversation_id, recording.id, "JSON", f"{recording.id}.json")
            yield base | {"resultUrl": address, "contentType": "application/json"}


# --- bulk jobs ----------------------------------------------------------------------------------


@service("post_recording_jobs")
def start_bulk(sandbox: Sandbox, call: Call) -> Any:
    """Prepare to archive, delete or export the recordings of the conversations that a query finds."""
    body = body_of(call)
    if not body.get("actionDate") and not body.get("actionAge") and body.get("action") in ("ARCHIVE", "DELETE"):
        raise bad_request("One of actionDate and actionAge is needed.", code="invalid.value")
    query = as_object(body.get("conversationQuery")) or {}
    parse_interval(query.get("interval") or body.get("agedConversationInterval"))
    job = sandbox.store.new_job()
    made = {
        "id": job, "state": "PENDING", "recordingJobsQuery": body, "dateCreated": sandbox.now(), "percentProgress": 0,
        "user": {"id": sandbox.admin_id, "selfUri": f"/api/v2/users/{sandbox.admin_id}"}, "selfUri": f"{JOBS}/{job}",
        "failedRecordings": f"{JOBS}/{job}/failedrecordings",
    }  # fmt: skip
    _collection(sandbox, JOBS).put(job, made)
    return made


def _chosen(sandbox: Sandbox, body: Entity) -> tuple[int, list[Recording]]:
    """How many conversations a job is about, and their recordings."""
    query = as_object(body.get("conversationQuery")) or {}
    interval = parse_interval(query.get("interval") or body.get("agedConversationInterval"))
    found = matching(sandbox.conversations, interval, query)
    return len(found), [r for record in found for r in recordings(record) if state_of(sandbox, r) != "DELETED"]


def _bulk(sandbox: Sandbox, job: str) -> Entity:
    jobs = _collection(sandbox, JOBS)
    if job not in jobs:
        raise not_found("job", job)
    return jobs[job]


@service("get_recording_job", personal=True)
def bulk(sandbox: Sandbox, call: Call) -> Any:
    """How far a job is: it is prepared, waits to be started, works, and is done."""
    entity = _bulk(sandbox, call.ids[0])
    if call.ids[0] not in sandbox.store.jobs:
        return entity
    polls = sandbox.store.jobs[call.ids[0]] = sandbox.store.jobs[call.ids[0]] + 1
    if polls <= sandbox.settings.job_polls:
        return entity
    if entity["state"] == "PENDING":
        conversations, found = _chosen(sandbox, entity["recordingJobsQuery"])
        entity = entity | {"state": "READY", "totalConversations": conversations, "totalRecordings": len(found),
                           "totalSkippedRecordings": 0, "totalFailedRecordings": 0,
                           "totalProcessedRecordings": 0}  # fmt: skip
    elif entity["state"] == "PROCESSING":
        entity = _carried_out(sandbox, entity)
    else:
        return entity
    _collection(sandbox, JOBS).put(call.ids[0], entity)
    return entity


def _carried_out(sandbox: Sandbox, entity: Entity) -> Entity:
    """A job that is done: its recordings have the dates that it gives them."""
    body = entity["recordingJobsQuery"]
    _, found = _chosen(sandbox, body)
    action, protected, skipped = str(body["action"]), sandbox.store.table(PROTECTED), 0
    for recording in found:
        at = body.get("actionDate") or iso(recording.end + int(body.get("actionAge") or 0) * DAY)
        if action == "DELETE" and recording.conversation.id in protected:
            skipped += 1
        elif action == "EXPORT":
            cleared = bool(body.get("clearExport"))
            update(sandbox, recording.id, {"exportDate": None if cleared else at,
                                           "exportedDate": None if cleared else sandbox.now()})  # fmt: skip
        else:
            update(sandbox, recording.id, {"deleteDate" if action == "DELETE" else "archiveDate": at})
    return entity | {"state": "FULFILLED", "percentProgress": 100, "totalSkippedRecordings": skipped,
                     "totalProcessedRecordings": len(found) - skipped}  # fmt: skip


@service("put_recording_job")
def run_bulk(sandbox: Sandbox, call: Call) -> Any:
    """Start a job that is ready."""
    entity = _bulk(sandbox, call.ids[0])
    if entity["state"] != "READY":
        raise bad_request(f"The job {call.ids[0]} is {entity['state']}: only a job that is READY can be started.")
    running = entity | {"state": "PROCESSING"}
    _collection(sandbox, JOBS).put(call.ids[0], running)
    sandbox.store.jobs[call.ids[0]] = 0
    return running


@service("delete_recording_job")
def cancel_bulk(sandbox: Sandbox, call: Call) -> Any:
    """Cancel a job."""
    entity = _bulk(sandbox, call.ids[0])
    if entity["state"] not in ("FULFILLED", "FAILED", "CANCELLED"):
        _collection(sandbox, JOBS).put(call.ids[0], entity | {"state": "CANCELLED"})


@seeded_ids(JOBS)
def no_jobs(sandbox: Sandbox, path: str) -> list[str]:
    """Nobody has started any job yet."""
    return []


@service("get_recording_job_failedrecordings")
def failed(sandbox: Sandbox, call: Call) -> Any:
    """What a job could not do: nothing is in its way here."""
    _bulk(sandbox, call.ids[0])
    return page(sandbox, call, Listing("entities", "o"), [])


# --- protection ---------------------------------------------------------------------------------


@service("post_recordings_deletionprotection")
def protected(sandbox: Sandbox, call: Call) -> Any:
    """Which of the conversations are protected from the deletion of their recordings."""
    table = sandbox.store.table(PROTECTED)
    wanted = [str(key) for key in as_list(body_of(call).get("conversationIds")) or []]
    return [{"id": key, "selfUri": f"/api/v2/conversations/{key}"} for key in wanted if key in table]


@service("put_recordings_deletionprotection")
def protect(sandbox: Sandbox, call: Call) -> Any:
    """Protect conversations, or no longer; tells which of them there are not."""
    table, on = sandbox.store.table(PROTECTED), call.query.get("protect") is not False
    failures: list[Entity] = []
    for key in map(str, as_list(body_of(call).get("conversationIds")) or []):
        if sandbox.conversations.get(key) is None:
            failures.append({"conversationId": key, "message": "The conversation was not found."})
        elif on:
            table[key] = True
        else:
            table.pop(key, None)
    return {"failedUpdates": failures}


# --- examples -----------------------------------------------------------------------------------


def _recorded(sandbox: Sandbox) -> Recording:
    """A recording; a conversation is held for it where there is none."""
    from ..conversations.changes import end_all
    from ..conversations.starting import live_example

    for record in sandbox.conversations.history().records:
        for recording in recordings(record):
            if find(sandbox, record, recording.id) is not None:
                return recording
    made, _ = live_example(sandbox, "voice")
    return next(iter(recordings(sandbox.conversations.put(end_all(made, made.start)))))


@example_ids("get_conversation_recording", "put_conversation_recording", "get_conversation_recording_annotations",
             "post_conversation_recording_annotations", "get_conversation_recordingmetadata_recording_id")  # fmt: skip
def example_recording(sandbox: Sandbox) -> list[str]:
    """A recording that there is."""
    found = _recorded(sandbox)
    return [found.conversation.id, found.id]


@example_ids("get_conversation_recording_annotation", "put_conversation_recording_annotation",
             "delete_conversation_recording_annotation")  # fmt: skip
def example_annotation(sandbox: Sandbox) -> list[str]:
    """An annotation; one is made."""
    found = _recorded(sandbox)
    own = _collection(sandbox, ANNOTATIONS, found.conversation.id, found.id)
    annotation = {"id": sandbox.conversations.new_id(), "type": "Annotation", "location": 0, "description": "Example"}
    own.put(str(annotation["id"]), annotation)
    return [found.conversation.id, found.id, str(annotation["id"])]


@example_body("put_conversation_recording")
def example_dates(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Kept for a year."""
    return {"deleteDate": iso(now_of(sandbox) + 365 * DAY)}


def _bulk_body(sandbox: Sandbox) -> Entity:
    now = now_of(sandbox)
    return {
        "action": "EXPORT",
        "actionDate": iso(now),
        "conversationQuery": {"interval": f"{iso(now - DAY)}/{iso(now)}"},
    }


@example_body("post_recording_jobs")
def example_bulk(sandbox: Sandbox, ids: Sequence[str]) -> Any:
    """Export the last day."""
    return _bulk_body(sandbox)


@example_ids("get_recording_job", "put_recording_job", "delete_recording_job", "get_recording_job_failedrecordings")
def example_job(sandbox: Sandbox) -> list[str]:
    """A job that can be started; one is made."""
    job = sandbox.store.new_job()
    entity = {"id": job, "state": "READY", "recordingJobsQuery": _bulk_body(sandbox), "dateCreated": sandbox.now()}
    _collection(sandbox, JOBS).put(job, entity)
    return [job]


@example_ids("get_recording_batchrequest")
def example_batch(sandbox: Sandbox) -> list[str]:
    """A batch; one is asked for."""
    job = sandbox.store.new_job()
    _collection(sandbox, BATCHES).put(
        job, {"id": job, "requests": [{"conversationId": _recorded(sandbox).conversation.id}]}
    )
    return [job]
