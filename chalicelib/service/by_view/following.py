"""A view's mass delete while its job runs at Zoho."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.by_view import Goal, Phase, ViewProgress
from chalicelib.domain.deletion import Deletion, Problem
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.outcomes import Finding, Mark
from chalicelib.domain.status import Status
from chalicelib.domain.view_rounds import SHORTEST_ASK, Round, another_round, ask_in, counts_of, with_round
from chalicelib.domain.zoho.judge_job import JobReport, JobState, judge_job
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.by_view import moves
from chalicelib.service.engine.step import Commit, Finish, Note, Rest, Slice, Step, TryAgain


def follow(work: Slice, progress: ViewProgress) -> Step:
    """Ask how far the job is."""
    deletion = work.deletion
    old = work.now - progress.job_since >= work.timeouts.job_age
    try:
        zoho = work.zoho
    except SecretUnusable:
        if not old:
            raise
        return _too_old(work, progress, Round(0, 0), "", readable=False)
    reply = zoho.job_status(deletion.request.module, str(deletion.job_id))
    report = judge_job(reply)
    running = Round(report.total, report.deleted)
    if report.state in (JobState.COMPLETED, JobState.FAILED):
        return _job_over(work, progress, report)
    if report.state is JobState.GONE:
        return _unfollowed(work, progress, "JOB_LOST", report.judgement.message)
    refused = report.state is not JobState.RUNNING and report.judgement.verdict is Verdict.FAIL
    if refused and (deletion.frozen or old):
        return _unfollowed(work, progress, report.judgement.code, report.judgement.message)
    if old:
        return _too_old(work, progress, running, report.status, readable=report.state is JobState.RUNNING)
    if report.state is JobState.RUNNING:
        return _running(work, progress, report, running)
    told = report.judgement
    then = TryAgain(moves.STATUS, told.verdict, told.code, reply.retry_after, SHORTEST_ASK, blame=False)
    return moves.again_later(work, progress, then, told.message)


def _running(work: Slice, progress: ViewProgress, report: JobReport, running: Round) -> Step:
    deletion = replace(
        work.deletion, job_status=report.status, updated_at=work.now, progress=progress.to_json()
    )
    if deletion.frozen:
        deletion = replace(deletion, job_deleted=report.deleted)
    else:
        deletion = replace(deletion, counts=counts_of(progress, running))
    seconds = ask_in(work.now - progress.job_since, running)
    return Commit(deletion, Rest(seconds), running="", proven=True, succeeded=moves.STATUS)


def _job_over(work: Slice, progress: ViewProgress, report: JobReport) -> Step:
    deletion = replace(work.deletion, job_status=report.status, job_deleted=0)
    failed = report.state is JobState.FAILED
    if deletion.frozen:
        settling = replace(
            progress,
            phase=Phase.SETTLE,
            goal=Goal.END,
            job_total=report.total,
            job_gone=report.deleted,
            job_failed=failed,
        )
        note = Note("job_ended", f"{report.status}: {report.deleted} of {report.total}")
        return Commit(
            replace(deletion, progress=settling.to_json(), job_ended_at=work.now),
            notes=(note,),
            succeeded=moves.STATUS,
            leave_lane=True,
        )
    done = Round(report.total, report.deleted)
    progress = with_round(progress, done)
    if not failed and another_round(done, work.round_limit):
        return next_round(deletion, progress, work.now)
    code = "JOB_FAILED" if failed else "JOB_RECORD_FAILED"
    problems = (Problem(code, done.failed),) if done.failed or failed else ()
    status = Status.FAILED if failed and not progress.deleted else None
    step = moves.end(work, progress, *problems, status=status)
    return replace(step, deletion=replace(step.deletion, job_status=report.status))


def next_round(deletion: Deletion, progress: ViewProgress, now: float) -> Step:
    """More than Zoho deletes in one job: count what is left, then the next round."""
    following = replace(progress, phase=Phase.COUNT, round=progress.round + 1)
    deletion = replace(deletion, counts=counts_of(following), progress=following.to_json(), updated_at=now)
    return Commit(
        deletion, notes=(Note("round_finished", f"round {progress.round}"),), succeeded=moves.STATUS
    )


def _unfollowed(work: Slice, progress: ViewProgress, code: str, message: str) -> Step:
    """Zoho does not know the job, or does not tell of it: whether it runs is not known."""
    return moves.lost(work, progress, code, message)


def _too_old(work: Slice, progress: ViewProgress, running: Round, status: str, *, readable: bool) -> Step:
    """The job has run for longer than we wait: what is known of it is kept, the rest a person has to tell."""
    deletion = replace(work.deletion, job_status=status or work.deletion.job_status)
    if deletion.frozen and readable:
        settling = replace(
            progress,
            phase=Phase.SETTLE,
            goal=Goal.TOO_OLD,
            job_total=running.total,
            job_gone=running.deleted,
        )
        return Commit(replace(deletion, progress=settling.to_json()), leave_lane=True)
    if deletion.frozen:
        unknown = moves.unsettled(work, Finding(Mark.UNKNOWN, "JOB_TOO_OLD"))
        step = moves.end(work, progress, chunks=unknown, why="JOB_TOO_OLD")
        return replace(step, deletion=replace(step.deletion, job_status=deletion.job_status))
    known = max(running.total, deletion.counts.requested - progress.total)
    told = counts_of(progress, Round(known or progress.before or 0, running.deleted))
    counts = replace(told, unknown=told.pending, pending=0)
    ended = replace(deletion, counts=counts, progress=progress.to_json())
    problem = Problem("JOB_TOO_OLD", counts.unknown)
    return Commit(ended, Finish(Status.NEEDS_ATTENTION, "JOB_TOO_OLD", problems=(problem,)))
