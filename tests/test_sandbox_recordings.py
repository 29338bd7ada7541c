"""Recordings: what conversations leave behind, its media, batches, bulk jobs, and dates that the clock brings about."""

from __future__ import annotations

import io
import struct
import urllib.request
import wave
from pathlib import Path
from typing import Any

import pytest

from genesyscloud import ClientCredentials, GenesysCloud
from genesyscloud.sandbox import Sandbox
from genesyscloud.sandbox.sounds import FORMATS, checksum

from .sandboxapi import Api

CONVERSATIONS = "/api/v2/conversations"
BATCHES = "/api/v2/recording/batchrequests"
JOBS = "/api/v2/recording/jobs"
WEEK = "2023-11-06T00:00:00Z/2023-11-15T00:00:00Z"


@pytest.fixture
def api() -> Api:
    return Api()


def _recorded(api: Api, media: str = "voice") -> tuple[str, Any]:
    """A conversation of the past with a recording, and that recording."""
    for conversation in api.sandbox.conversations.history().records:
        if conversation.media == media:
            found = api.ok("GET", f"{CONVERSATIONS}/{conversation.id}/recordings")
            if found:
                return conversation.id, found[0]
    raise AssertionError("nothing was recorded")


def _fetch(api: Api, url: str) -> Any:
    """A file at a signed address: no token goes with the request."""
    return api("GET", url, token=False)


# --- one recording ------------------------------------------------------------------------------


def test_recordings_of_a_conversation_and_their_media(api: Api):
    conversation_id, recording = _recorded(api)
    assert (recording["media"], recording["fileState"]) == ("audio", "AVAILABLE")
    assert recording["conversationId"] == conversation_id
    sessions = {s["sessionId"] for p in api.details(conversation_id)["participants"] for s in p["sessions"]}
    assert recording["sessionId"] in sessions
    url = f"{CONVERSATIONS}/{conversation_id}/recordings/{recording['id']}"
    for format_id, sound in FORMATS.items():
        shown = api.ok("GET", f"{url}?formatId={format_id}")
        file = _fetch(api, shown["mediaUris"]["S"]["mediaUri"])
        assert (file.status, file.headers["content-type"]) == (200, sound.content_type)
        assert len(file.body) == shown["outputSizeInBytes"] > 100
    assert "mediaUris" not in api.ok("GET", f"{url}?formatId=NONE")
    told = api.ok("GET", f"{CONVERSATIONS}/{conversation_id}/recordingmetadata/{recording['id']}")
    assert told["startTime"] == recording["startTime"]
    assert api.ok("GET", f"{CONVERSATIONS}/{conversation_id}/recordingmetadata") == [told]
    assert api("GET", f"{CONVERSATIONS}/{conversation_id}/recordings/unknown").status == 404
    assert api("GET", f"{CONVERSATIONS}/unknown/recordings").status == 404


def test_media_take_a_while_for_those_who_do_not_wait(api: Api):
    conversation_id, _ = _recorded(api)
    url = f"{CONVERSATIONS}/{conversation_id}/recordings?maxWaitMs=10"
    first, second = api("GET", url), api("GET", url)
    assert (first.status, second.status) == (202, 200)
    assert "mediaUris" not in first.body[0]
    assert first.body[0]["estimatedTranscodeTimeMs"] > 0


def test_addresses_are_signed_and_expire(api: Api):
    _, recording = _recorded(api)
    url = recording["mediaUris"]["S"]["mediaUri"]
    assert _fetch(api, url).status == 200
    assert _fetch(api, url.replace("Signature=", "Signature=0")).status == 403
    assert _fetch(api, url.partition("?")[0]).status == 403
    assert _fetch(api, url.replace("/WEBM/", "/WAV/")).status == 403
    assert api("POST", url, {}).status == 405
    api.now += 3601
    assert _fetch(api, url).status == 403


def test_a_call_that_goes_on_has_no_recording_yet_and_one_without_never_gets_one(api: Api):
    queue_id = api.queue()
    api.agents(queue_id)
    for state, expected in (("ACTIVE", 1), ("NONE", 0)):
        conversation_id = api.sandbox.incoming("voice", queue_id, "tel:+1")
        agent = api.participant(conversation_id, "agent")
        api.patch(conversation_id, agent["id"], {"state": "connected"})
        url = f"{CONVERSATIONS}/{conversation_id}/recordings"
        assert api.ok("GET", url) == []
        api.ok("PUT", f"{CONVERSATIONS}/calls/{conversation_id}/recordingstate", {"recordingState": state})
        api.now += 30
        api.patch(conversation_id, agent["id"], {"state": "disconnected"})
        assert len(api.ok("GET", url)) == expected


def test_messages_are_recorded_as_text(api: Api):
    queue_id = api.queue()
    made = {"queueId": queue_id, "toAddress": "+13175550111", "toAddressMessengerType": "sms"}
    conversation_id = api.ok("POST", f"{CONVERSATIONS}/messages", made)["id"]
    session = api.participant(conversation_id, "agent")["messages"][0]["id"]
    url = f"{CONVERSATIONS}/messages/{conversation_id}/communications/{session}/messages"
    api.ok("POST", url, {"textBody": "Hello"})
    api.ok("POST", f"{CONVERSATIONS}/{conversation_id}/disconnect")
    (recording,) = api.ok("GET", f"{CONVERSATIONS}/{conversation_id}/recordings")
    assert (recording["media"], recording["messagingTranscript"][0]["messageText"]) == ("message", "Hello")
    (result,) = _batch(api, [{"conversationId": conversation_id}])["results"]
    assert _fetch(api, result["resultUrl"]).body[0]["messageText"] == "Hello"


def test_annotations(api: Api):
    conversation_id, recording = _recorded(api)
    url = f"{CONVERSATIONS}/{conversation_id}/recordings/{recording['id']}/annotations"
    assert api.ok("GET", url) == []
    made = api.ok("POST", url, {"type": "Annotation", "location": 500, "description": "Here"})
    assert api.ok("GET", f"{url}/{made['id']}")["description"] == "Here"
    shown = api.ok("GET", f"{CONVERSATIONS}/{conversation_id}/recordings/{recording['id']}")
    assert [annotation["id"] for annotation in shown["annotations"]] == [made["id"]]
    api.ok("DELETE", f"{url}/{made['id']}")
    assert api.ok("GET", url) == []


def test_dates_come_about_when_the_clock_gets_there(api: Api):
    conversation_id, recording = _recorded(api)
    url = f"{CONVERSATIONS}/{conversation_id}/recordings/{recording['id']}"
    api.ok("PUT", url, {"archiveDate": "2023-11-14T23:00:00.000Z", "deleteDate": "2023-11-15T03:00:00.000Z"})
    assert api.ok("GET", url)["fileState"] == "AVAILABLE"
    api.now += 3600
    archived = api.ok("GET", url)
    assert (archived["fileState"], archived["archiveMedium"], "mediaUris" in archived) == (
        "ARCHIVED",
        "CLOUDARCHIVE",
        False,
    )
    api.ok("PUT", url, {"fileState": "RESTORED"})
    assert "mediaUris" in api.ok("GET", url)
    api.now += 5 * 3600
    assert api("GET", url).status == 404
    assert api.ok("GET", f"{CONVERSATIONS}/{conversation_id}/recordings") == []


# --- batches ------------------------------------------------------------------------------------


def _batch(api: Api, wanted: list[Any]) -> Any:
    job = api.ok("POST", BATCHES, {"batchDownloadRequestList": wanted})["id"]
    for _ in range(5):
        state = api.ok("GET", f"{BATCHES}/{job}")
        if state["resultCount"] == state["expectedResultCount"]:
            assert state["status"] == "Completed"
            return state
        assert state["status"] == "InProgress"
    raise AssertionError("the batch does not end")


def test_a_batch_of_downloads(api: Api):
    conversation_id, recording = _recorded(api)
    wanted = [{"conversationId": conversation_id, "recordingId": recording["id"]}, {"conversationId": "unknown"}]
    state = _batch(api, wanted)
    good, bad = state["results"]
    assert (state["expectedResultCount"], state["errorCount"]) == (2, 1)
    assert "was not found" in bad["errorMsg"]
    assert "resultUrl" not in bad
    file = _fetch(api, good["resultUrl"])
    assert (file.status, file.headers["content-type"], good["contentType"]) == (200, "audio/wav", "audio/wav")
    with wave.open(io.BytesIO(file.body)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 8000)
        assert sound.getnframes() > 0


def test_a_batch_needs_all_recordings_of_a_conversation_named_only_once(api: Api):
    conversation_id, _ = _recorded(api)
    (result,) = _batch(api, [{"conversationId": conversation_id}])["results"]
    assert result["conversationId"] == conversation_id
    assert api("POST", BATCHES, {"batchDownloadRequestList": []}).status == 400
    assert api("POST", BATCHES, {"batchDownloadRequestList": [{"conversationId": "x"}] * 101}).status == 400
    assert api("GET", f"{BATCHES}/unknown").status == 404


def test_a_program_downloads_recordings_over_http(tmp_path: Path):
    with Sandbox() as sandbox:
        address = sandbox.serve()
        with GenesysCloud(auth=ClientCredentials("sandbox", "sandbox"), region=address) as gc:
            wanted = [{"conversationId": c.id} for c in sandbox.conversations.history().records if c.media == "voice"][
                :5
            ]
            job = gc.recording.post_recording_batchrequests({"batchDownloadRequestList": wanted})
            state = gc.recording.get_recording_batchrequest(job.id or "")
            for _ in range(5):
                if state.result_count == state.expected_result_count:
                    break
                state = gc.recording.get_recording_batchrequest(job.id or "")
            files = [result for result in state.results or [] if result.result_url]
            assert files
            for result in files:
                assert (result.result_url or "").startswith(f"{address}/downloads/")
                with urllib.request.urlopen(result.result_url or "", timeout=10) as reply:
                    (tmp_path / f"{result.recording_id}.wav").write_bytes(reply.read())
    for path in tmp_path.iterdir():
        with wave.open(str(path)) as sound:
            assert sound.getnframes() > 0


# --- bulk jobs ----------------------------------------------------------------------------------


def _job(api: Api, **body: Any) -> Any:
    """A job that was started and has ended."""
    job = api.ok("POST", JOBS, {"conversationQuery": {"interval": WEEK}, **body})
    assert job["state"] == "PENDING"
    url = f"{JOBS}/{job['id']}"
    assert api("PUT", url, {"state": "PROCESSING"}).status == 400
    assert [api.ok("GET", url)["state"] for _ in range(2)] == ["PENDING", "READY"]
    assert api.ok("PUT", url, {"state": "PROCESSING"})["state"] == "PROCESSING"
    assert [api.ok("GET", url)["state"] for _ in range(2)] == ["PROCESSING", "FULFILLED"]
    return api.ok("GET", url)


def test_a_bulk_deletion_spares_what_is_protected(api: Api):
    conversation_id, _ = _recorded(api)
    ids = {"conversationIds": [conversation_id, "unknown"]}
    failures = api.ok("PUT", "/api/v2/recordings/deletionprotection?protect=true", ids)["failedUpdates"]
    assert len(failures) == 1
    assert [entry["id"] for entry in api.ok("POST", "/api/v2/recordings/deletionprotection", ids)] == [conversation_id]
    done = _job(api, action="DELETE", actionDate="2023-11-14T00:00:00.000Z")
    assert (done["totalConversations"], done["percentProgress"]) == (250, 100)
    assert done["totalProcessedRecordings"] + done["totalSkippedRecordings"] == done["totalRecordings"]
    assert done["totalSkippedRecordings"] >= 1
    left = [
        c.id for c in api.sandbox.conversations.history().records if api.ok("GET", f"{CONVERSATIONS}/{c.id}/recordings")
    ]
    assert left == [conversation_id]


def test_a_bulk_export_and_the_end_of_a_job(api: Api):
    _job(api, action="EXPORT", actionDate="2023-11-14T00:00:00.000Z")
    assert "exportedDate" in _recorded(api)[1]
    assert api("POST", JOBS, {"action": "DELETE", "conversationQuery": {"interval": WEEK}}).status == 400
    job = api.ok("POST", JOBS, {"action": "EXPORT", "conversationQuery": {"interval": WEEK}})["id"]
    api.ok("DELETE", f"{JOBS}/{job}")
    assert api.ok("GET", f"{JOBS}/{job}")["state"] == "CANCELLED"
    assert len(api.ok("GET", JOBS)["entities"]) == 2
    assert api.ok("GET", f"{JOBS}/{job}/failedrecordings")["entities"] == []


# --- sounds -------------------------------------------------------------------------------------


def test_wave_files_say_what_they_hold():
    with wave.open(io.BytesIO(FORMATS["WAV"].bytes(1))) as sound:
        assert sound.getnframes() == 8000
        assert len(set(sound.readframes(100))) > 10
    mu_law = FORMATS["WAV_ULAW"].bytes(1)
    code, channels, rate = struct.unpack_from("<HHI", mu_law, 20)
    assert (mu_law[:4], code, channels, rate) == (b"RIFF", 7, 1, 8000)
    assert struct.unpack_from("<I", mu_law, 4)[0] == len(mu_law) - 8


def test_ogg_pages_follow_each_other_and_their_checksums_fit():
    data, at, pages = FORMATS["OGG_OPUS"].bytes(0.2), 0, 0
    flags = position = -1
    while at < len(data):
        magic, _, flags, position, _, number, found, count = struct.unpack_from("<4sBBqIIIB", data, at)
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        page = data[at : at + 22] + bytes(4) + data[at + 26 : at + size]
        assert (magic, number, found) == (b"OggS", pages, checksum(page))
        at, pages = at + size, pages + 1
    assert (pages, flags & 4, position) == (12, 4, 9600)


def test_webm_elements_are_as_long_as_they_say():
    data = FORMATS["WEBM"].bytes(0.2)
    assert data[:4] == b"\x1a\x45\xdf\xa3"
    head = int.from_bytes(data[5:12])
    segment = 12 + head
    assert data[segment : segment + 4] == b"\x18\x53\x80\x67"
    assert segment + 12 + int.from_bytes(data[segment + 5 : segment + 12]) == len(data)
    assert FORMATS["MP3"].bytes(1)[:2] == b"\xff\xfb"
