"""The queue's consumer: each message wakes one deletion. A bad message never delays or repeats the others of
its batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.errors import ExpungeError
from chalicelib.service.engine.advance import advance
from chalicelib.service.engine.deps import Deps

#: After how long a deletion is looked at again whose org had to give its turn to another one.
TURN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Nudge:
    """One message: `deletion_id` is None where the message is not one of ours. `correlation`: the id of the
    request, or of the deletion, that the message goes back to, `org`: whose deletion it is, where it says so.
    """

    message_id: str
    deletion_id: str | None
    correlation: str = ""
    org: str = ""


def work(deps: Deps, nudges: Sequence[Nudge], until: float) -> list[str]:
    """Move the deletions of a batch forward; returns the ids of the messages that failed.

    A message that cannot be read fails, so that the queue sets it aside in its dead-letter queue. What there
    is no time for before `until` (seconds since the epoch) is nudged anew, not failed: nothing is wrong with
    it.
    """
    failed = []
    done: set[str] = set()
    for nudge in nudges:
        if nudge.deletion_id is None:
            deps.report("malformed_message", message_id=nudge.message_id)
            failed.append(nudge.message_id)
        elif nudge.deletion_id in done:
            continue
        else:
            deps.about(nudge.deletion_id, nudge.correlation)
            if deps.clock() >= until:
                deps.nudges.nudge(nudge.deletion_id)
            elif _turned_to_another(deps, nudge.org):
                deps.nudges.nudge(nudge.deletion_id, TURN_SECONDS)
            elif not _advanced(deps, nudge.deletion_id):
                failed.append(nudge.message_id)
        done.add(nudge.deletion_id or "")
    return failed


def _turned_to_another(deps: Deps, org: str) -> bool:
    """Has this worker moved another org's deletion forward, as it was that one's turn?"""
    other = deps.turns.given_to(org, begins=True) if deps.turns is not None and org else None
    if other is None:
        return False
    deps.about(other, "")
    _advanced(deps, other)
    return True


def _advanced(deps: Deps, deletion_id: str) -> bool:
    try:
        advance(deps, deletion_id)
    except ExpungeError as problem:
        deps.report("advance_failed", deletion_id=deletion_id, reason=str(problem))
        return False
    except Exception as problem:  # noqa: BLE001 -- a mistake of ours in one deletion must not keep the others
        deps.report("advance_broken", deletion_id=deletion_id, reason=type(problem).__name__)
        return False
    return True
