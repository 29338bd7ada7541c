"""Signed addresses to put files at, and files to be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..crud import Answered
from ..files import presigned, signed_link
from .contactlists import SAMPLE
from .registry import example_ids, example_query, service

if TYPE_CHECKING:
    from ..core import Sandbox
    from ..crud import Call

__all__: Sequence[str] = ()


@service("get_download")
def download(sandbox: Sandbox, call: Call) -> Any:
    """Lead on to the file, which is fetched without a token; with ``issueRedirect=false`` say where it is."""
    url = signed_link(sandbox, call, call.ids[0])
    if call.query.get("issueRedirect", True):
        return Answered({"url": url}, 302, [("Location", url)])
    return {"url": url}


@example_ids("get_download")
def example_download(sandbox: Sandbox) -> list[str]:
    """A file that is there from the start."""
    return [SAMPLE]


@example_query("get_download")
def example_answer(sandbox: Sandbox) -> dict[str, str]:
    """One with a body."""
    return {"issueRedirect": "false"}


@service(
    "post_uploads_learning_coverart",
    "post_uploads_publicassets_images",
    "post_uploads_recordings",
    "post_uploads_workforcemanagement_historicaldata_csv",
    "post_architect_grammar_language_files_dtmf",
    "post_architect_grammar_language_files_voice",
    "post_architect_systemprompt_resource_uploads",
    "post_gamification_contests_uploads_prizeimages",
    "post_guides_uploads",
    "post_knowledge_documentuploads",
    "post_languageunderstanding_miner_uploads",
    "post_responsemanagement_responseassets_uploads",
    "post_workforcemanagement_businessunit_decisionmetrics_update_uploadurl",
    "post_workforcemanagement_businessunit_timeofflimit_values_import_uploadurl",
    "post_workforcemanagement_businessunit_week_schedule_performancepredictions_recalculations_uploadurl",
    "post_workforcemanagement_businessunit_week_shorttermforecasts_import_uploadurl",
)
def upload(sandbox: Sandbox, call: Call) -> Any:
    """An address for one file; workforce management wants gzipped JSON."""
    gzipped = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    headers = gzipped if call.record.path.endswith("/uploadurl") else None
    given = presigned(sandbox, call, call.record.path, {"ids": call.ids}, headers)
    return {**given, "id": given["uploadKey"]}
