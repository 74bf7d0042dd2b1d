"""Mass-delete jobs: SCHEDULED, QUEUED, RUNNING with growing counts, then COMPLETED or FAILED.

A job has no thread of its own. ``Jobs.advance`` brings every job to where the clock says it is; it is called
at the start of each call, so a job's records fall one after the other as time passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.refusals import record_refusal
from simulator.settings import Settings
from simulator.store import Store

FIRST_JOB = 3652397000009565021


@dataclass(slots=True)
class Job:
    """One job. Times are seconds; ``ids`` is what matched when it was scheduled, ``selected`` the same for
    good.

    ``stuck_at``: after this many records nothing moves any more (until ``stuck_until``). ``fail_at``: after
    this many records, or after ``fail_after`` seconds of running, the job is FAILED. ``vanished_from``: from
    this moment on Zoho does not know the job any more, though it goes on working.
    """

    id: str
    module: str
    cvid: str | None
    ids: list[str]
    scheduled_at: float
    waits: float
    queued: float
    duration: float
    foreign: bool = False
    status: str = "SCHEDULED"
    done: int = 0
    deleted: int = 0
    failed: int = 0
    stuck_at: int | None = None
    stuck_until: float | None = None
    stuck_status: str = "RUNNING"
    fail_at: int | None = None
    fail_after: float | None = None
    vanished_from: float | None = None
    finished_at: float | None = None
    total: int = field(init=False)
    selected: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.total = len(self.ids)
        self.selected = frozenset(self.ids)

    @property
    def active(self) -> bool:
        """Whether it keeps other jobs from being scheduled."""
        return self.finished_at is None

    def shown(self) -> dict[str, Any]:
        """The element of ``data[]`` in Mass Delete Status."""
        return {
            "Status": self.status,
            "Failed_Count": self.failed,
            "Deleted_Count": self.deleted,
            "Total_Count": self.total,
        }

    def described(self) -> dict[str, Any]:
        """The job for ``/_sim/state``."""
        more = {"id": self.id, "module": self.module, "cvid": self.cvid, "foreign": self.foreign}
        return {**more, "vanished": self.vanished_from is not None, **self.shown()}

    def target(self, now: float) -> tuple[str, int]:
        """Status and number of records worked off at this moment."""
        running = now - self.scheduled_at - self.waits - self.queued
        if running < 0:
            return ("SCHEDULED" if now < self.scheduled_at + self.waits else "QUEUED"), 0
        ended = running >= self.duration
        reached = self.total if ended else int(self.total * running / self.duration)
        if self.stuck_at is not None and (self.stuck_until is None or now < self.stuck_until):
            if reached >= self.stuck_at:
                return self.stuck_status, min(reached, self.stuck_at)
            return "RUNNING", reached
        if self.fail_after is not None and running >= self.fail_after:
            return "FAILED", max(
                self.done, int(self.total * min(1.0, self.fail_after / max(self.duration, 0.001)))
            )
        if self.fail_at is not None and (reached >= self.fail_at or ended):
            return "FAILED", self.fail_at
        return ("COMPLETED" if ended else "RUNNING"), reached


class Jobs:
    """All jobs by id. Ids are never given twice, not even after a reset."""

    def __init__(self, next_id: int = FIRST_JOB) -> None:
        self.by_id: dict[str, Job] = {}
        self.next_id = next_id

    def new(self, module: str, cvid: str | None, ids: list[str], now: float, settings: Settings) -> Job:
        """Schedules a job."""
        job = Job(
            id=str(self.next_id),
            module=module,
            cvid=cvid,
            ids=ids,
            scheduled_at=now,
            waits=settings.job_start_seconds,
            queued=settings.job_queued_seconds,
            duration=max(settings.job_min_seconds, len(ids) / settings.job_records_per_second),
        )
        self.next_id += 1
        self.by_id[job.id] = job
        return job

    def foreign(self, module: str, cvid: str | None, ids: list[str], now: float, seconds: float) -> Job:
        """A job that a person started in Zoho's own screens; it runs for ``seconds``."""
        job = Job(str(self.next_id), module, cvid, ids, now, 0.0, 0.0, seconds, foreign=True)
        self.next_id += 1
        self.by_id[job.id] = job
        return job

    def blocking(self, module: str, cvid: str, scope: str) -> Job | None:
        """The job that stands in the way of a new one; ``scope`` is org, module or view."""
        for job in self.by_id.values():
            if not job.active:
                continue
            everywhere = scope == "org" or (job.foreign and not job.module)
            if everywhere or (job.module == module and (scope == "module" or job.cvid == cvid)):
                return job
        return None

    def advance(self, store: Store, now: float) -> None:
        """Brings every active job to where it is at ``now``."""
        for job in self.by_id.values():
            if job.active:
                _advance(job, store, now)


def _advance(job: Job, store: Store, now: float) -> None:
    status, target = job.target(now)
    ends = job.scheduled_at + job.waits + job.queued + job.duration
    module = store.module(job.module) if job.module else None
    while module is not None and job.done < target:
        record = module.records.get(job.ids[job.done])
        job.done += 1
        if record is None or record_refusal(record, job.module, record.id, store.deletable) is not None:
            job.failed += 1
            continue
        store.delete(module, record, min(now, ends))
        job.deleted += 1
    job.status = status
    if status in ("COMPLETED", "FAILED"):
        job.finished_at = now
        job.ids = []
