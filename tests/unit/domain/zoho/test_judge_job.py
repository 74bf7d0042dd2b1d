"""What a job's status means."""

import pytest

from chalicelib.domain.zoho.codes import JOB_STATES
from chalicelib.domain.zoho.judge_job import JobState, judge_job
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.domain.zoho.verdict import Verdict


def told(**values: object) -> Reply:
    return Reply(status=200, body={"data": [values]})


COUNTS = {"Failed_Count": 1, "Deleted_Count": 7, "Total_Count": 9}


@pytest.mark.parametrize("status", ["SCHEDULED", "QUEUED", "RUNNING", "SUSPENDED", "BRAND NEW"])
def test_anything_but_an_end_is_asked_for_again(status: str) -> None:
    report = judge_job(told(Status=status, **COUNTS))
    assert report.state is JobState.RUNNING
    assert (report.status, report.total, report.deleted, report.failed) == (status, 9, 7, 1)


@pytest.mark.parametrize(
    ("status", "state"), [("COMPLETED", JobState.COMPLETED), ("FAILED", JobState.FAILED)]
)
@pytest.mark.parametrize("as_text", [False, True])
def test_an_end_with_its_counts(status: str, state: JobState, as_text: bool) -> None:
    counts = {key: str(value) if as_text else value for key, value in COUNTS.items()}
    report = judge_job(told(Status=status, **counts))
    assert (report.state, report.total, report.deleted, report.failed) == (state, 9, 7, 1)
    assert report.judgement.verdict is Verdict.ANSWERED


def test_no_more_goes_with_a_job_than_it_had() -> None:
    report = judge_job(told(Status="COMPLETED", **{**COUNTS, "Deleted_Count": 99}))
    assert (report.state, report.total, report.deleted) == (JobState.COMPLETED, 99, 99)


@pytest.mark.parametrize("broken", [None, -1, True, 1.5, "x", "", [1], 10**18, "9" * 19])
def test_an_end_without_readable_counts_is_no_end(broken: object) -> None:
    report = judge_job(told(Status="COMPLETED", **{**COUNTS, "Deleted_Count": broken}))
    assert report.state is JobState.UNANSWERED
    assert report.judgement.verdict is Verdict.RETRY


def test_a_running_job_may_have_no_counts_yet() -> None:
    assert judge_job(told(Status="SCHEDULED")).state is JobState.RUNNING


@pytest.mark.parametrize(
    "body", [{}, {"data": []}, {"data": "x"}, {"data": ["x"]}, {"data": [{}]}, {"data": [{"Status": 1}]}]
)
def test_a_status_that_cannot_be_read(body: dict) -> None:
    report = judge_job(Reply(status=200, body=body))
    assert report.state is JobState.UNANSWERED
    assert report.judgement.verdict is Verdict.RETRY


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=400, error=Item("INVALID_DATA", details={"param_name": "job_id"})),
        Reply(status=400, error=Item("UNABLE_TO_PARSE_DATA_TYPE")),
        Reply(status=404, error=Item("NOT_FOUND")),
        Reply(status=404),
    ],
)
def test_a_job_that_zoho_does_not_know(reply: Reply) -> None:
    assert judge_job(reply).state is JobState.GONE


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(status=None), Verdict.RETRY),
        (Reply(status=502), Verdict.RETRY),
        (Reply(status=429), Verdict.WAIT_CREDITS),
        (Reply(status=401, error=Item("INVALID_TOKEN")), Verdict.WAIT_CREDENTIALS),
        (Reply(status=400, error=Item("INVALID_MODULE")), Verdict.FAIL),
        (Reply(status=400, error=Item("BRAND_NEW")), Verdict.RETRY),
    ],
)
def test_a_status_that_did_not_come(reply: Reply, verdict: Verdict) -> None:
    report = judge_job(reply)
    assert (report.state, report.judgement.verdict) == (JobState.UNANSWERED, verdict)


def test_every_documented_state_has_words() -> None:
    assert set(JOB_STATES) == {"SCHEDULED", "QUEUED", "RUNNING", "SUSPENDED", "COMPLETED", "FAILED"}
