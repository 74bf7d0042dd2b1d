"""A view's mass delete while its job runs at Zoho."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import backoff
from chalicelib.domain.by_view import (
    SHORTEST_ASK,
    Progress,
    Round,
    another_round,
    ask_in,
    counts_of,
    with_round,
)
from chalicelib.domain.deletion import Problem, Status
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.verdict_job import JobReport, JobState, judge_job
from chalicelib.domain.verdicts import Verdict
from chalicelib.service import view_ends, waiting
from chalicelib.service.run import Run


def follow(run: Run, progress: Progress) -> None:
    """Ask how far the job is."""
    deletion = run.deletion
    old = run.now - progress.job_since >= run.kit.patience.job_age
    try:
        zoho = run.zoho
    except SecretUnusable:
        if not old:
            raise
        _stuck(run, progress, Round(0, 0), "")
        return
    reply = zoho.job_status(deletion.request.module, str(deletion.job_id))
    report = judge_job(reply)
    running = Round(report.total, report.deleted)
    if report.state in (JobState.COMPLETED, JobState.FAILED):
        _round_over(run, progress, report)
    elif report.state is JobState.GONE:
        view_ends.lost(run, progress, "JOB_LOST", report.judgement.message)
    elif old:
        _stuck(run, progress, running, report.status)
    elif report.state is JobState.RUNNING:
        counts = counts_of(progress, running)
        deletion, entries = run.running(
            replace(deletion, job_status=report.status, counts=counts), proven=True
        )
        seconds = ask_in(run.now - progress.job_since, running)
        run.publish()
        run.rest(replace(backoff.succeeded(deletion), updated_at=run.now), seconds, entries=entries)
    elif report.judgement.verdict is Verdict.FAIL:
        view_ends.lost(run, progress, report.judgement.code, report.judgement.message)
    else:
        told = report.judgement
        waiting.wait_for(run, deletion, told.verdict, told.code, reply.retry_after, at_least=SHORTEST_ASK)


def _round_over(run: Run, progress: Progress, report: JobReport) -> None:
    done = Round(report.total, report.deleted)
    progress = with_round(progress, done)
    deletion = replace(run.deletion, job_status=report.status)
    if report.state is JobState.COMPLETED and another_round(done):
        view_ends.next_round(run, deletion, progress)
        return
    code = "JOB_FAILED" if report.state is JobState.FAILED else "JOB_RECORD_FAILED"
    problems = (Problem(code, done.failed),) if done.failed or report.state is JobState.FAILED else ()
    status = Status.FAILED if report.state is JobState.FAILED and not progress.deleted else None
    view_ends.end(run, progress, *problems, deletion=deletion, status=status)


def _stuck(run: Run, progress: Progress, running: Round, status: str) -> None:
    """The job has run for longer than we wait: what is known of it is kept, the rest a person has to tell."""
    known = max(running.total, run.deletion.counts.requested - progress.total)
    told = counts_of(progress, Round(known or progress.before or 0, running.deleted))
    counts = replace(told, unknown=told.pending, pending=0)
    deletion = replace(run.deletion, counts=counts, job_status=status or run.deletion.job_status)
    view_ends.finish(
        run, deletion, Status.NEEDS_ATTENTION, "JOB_TOO_OLD", Problem("JOB_TOO_OLD", counts.unknown)
    )
