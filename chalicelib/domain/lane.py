"""One mass delete by view at a time: who runs, who waits, in the order of arrival.

Zoho takes one mass-delete job at a time and does not say whether that is per org, module or view (Zoho CRM
API v7, Mass Delete Records), so the lane's width is a setting of the org's secret.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain import modules


@dataclass(frozen=True, slots=True)
class Lane:
    """The lane `key`. `revision` grows with each write: a write of a stale lane is refused by the table."""

    key: str
    holder: str | None = None
    queue: tuple[str, ...] = ()
    revision: int = 0
    taken_at: float | None = None
    last_seconds: float | None = None

    def position(self, deletion_id: str) -> int:
        """How many are before it: 0 for the holder and for the next one of a free lane."""
        if self.holder == deletion_id or deletion_id not in self.queue:
            return 0
        return self.queue.index(deletion_id) + (1 if self.holder else 0)


def seconds_until(lane: Lane, deletion_id: str, now: float) -> float | None:
    """About how long until it is the deletion's turn, by how long the last mass delete of the lane took; None
    where the lane has seen none yet.
    """
    ahead = lane.position(deletion_id)
    if lane.last_seconds is None or not ahead:
        return None if ahead else 0.0
    running = now - lane.taken_at if lane.taken_at is not None else 0.0
    waiting = ahead - (1 if lane.holder else 0)
    return max(lane.last_seconds - running, 0.0) + waiting * lane.last_seconds


def lane_key(width: str, org: str, module: str, cvid: str) -> str:
    """The lane's key: `width` is `org`, `module` or `view` (contract section 6).

    Modules that hold records in common have one lane, so that a job in `Activities` never runs beside one in
    Tasks, Events or Calls.
    """
    name = modules.together(module)
    parts = {"org": (org,), "module": (org, name), "view": (org, name, cvid)}[width]
    return "#".join(parts)


def joined(lane: Lane, deletion_id: str) -> Lane:
    """The lane with the deletion at the end of its queue; as it is where it is there already."""
    if deletion_id == lane.holder or deletion_id in lane.queue:
        return lane
    return replace(lane, queue=(*lane.queue, deletion_id))


def taken(lane: Lane, deletion_id: str, now: float) -> Lane | None:
    """The lane held by the deletion, if it is free and the deletion's turn; None otherwise."""
    if lane.holder == deletion_id:
        return lane
    if lane.holder or (lane.queue and lane.queue[0] != deletion_id):
        return None
    rest = tuple(d for d in lane.queue if d != deletion_id)
    return replace(lane, holder=deletion_id, queue=rest, taken_at=now)


def left(lane: Lane, deletion_id: str, now: float) -> Lane:
    """The lane without the deletion, be it running or waiting."""
    queue = tuple(d for d in lane.queue if d != deletion_id)
    if lane.holder != deletion_id:
        return replace(lane, queue=queue)
    seconds = None if lane.taken_at is None else now - lane.taken_at
    return replace(lane, holder=None, queue=queue, taken_at=None, last_seconds=seconds)
