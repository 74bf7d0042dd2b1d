"""What a Mass Delete Status says: how far a job at Zoho is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.zoho.judge_call import judge_call, whole_number
from chalicelib.domain.zoho.reply import CallKind, Reply
from chalicelib.domain.zoho.verdict import Judgement, Verdict


class JobState(StrEnum):
    """What a job's status means for us."""

    RUNNING = "running"  # SCHEDULED, QUEUED, RUNNING, SUSPENDED and anything new: ask again
    COMPLETED = "completed"
    FAILED = "failed"
    GONE = "gone"  # Zoho does not know the job id
    UNANSWERED = "unanswered"  # see the judgement: wait, retry or fail


@dataclass(frozen=True, slots=True)
class JobReport:
    """`status` as Zoho wrote it ("" without one) and its counts (records; 0 where a running job told none).
    `total` is at least what went: else more would be told as deleted than were asked for.

    `judgement` is the call's: ANSWERED wherever Zoho told a status.
    """

    status: str
    total: int
    deleted: int
    failed: int
    state: JobState
    judgement: Judgement


_ENDS = {"COMPLETED": JobState.COMPLETED, "FAILED": JobState.FAILED}
_KEYS = ("total_count", "deleted_count", "failed_count")


def judge_job(reply: Reply) -> JobReport:
    """The state of the job. An end without readable counts is not an end yet: it is asked for again."""
    judgement = judge_call(CallKind.JOB_STATUS, reply)
    if judgement.verdict is Verdict.GONE:
        return JobReport("", 0, 0, 0, JobState.GONE, judgement)
    if judgement.verdict is not Verdict.ANSWERED:
        return JobReport("", 0, 0, 0, JobState.UNANSWERED, judgement)
    told = _told(reply)
    status = told.get("status")
    if not isinstance(status, str) or not status.strip():
        return JobReport("", 0, 0, 0, JobState.UNANSWERED, Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER"))
    numbers = [whole_number(told.get(key)) for key in _KEYS]
    told_total, deleted, failed = (number or 0 for number in numbers)
    total = max(told_total, deleted)
    state = _ENDS.get(status.strip().upper(), JobState.RUNNING)
    if state is not JobState.RUNNING and None in numbers:
        again = Judgement(Verdict.RETRY, "UNEXPECTED_ANSWER", f"{status} without counts")
        return JobReport(status, total, deleted, failed, JobState.UNANSWERED, again)
    return JobReport(status, total, deleted, failed, state, judgement)


def _told(reply: Reply) -> dict[str, object]:
    """The element of `data[]`, keys in lower case (Zoho: `Deleted_Count`); empty where there is none."""
    data = reply.body.get("data") if reply.body else None
    if not isinstance(data, list):
        return {}
    for element in data:
        if isinstance(element, Mapping):
            return {str(key).lower(): value for key, value in element.items()}
    return {}
