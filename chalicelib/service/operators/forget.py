"""Forgetting a deletion, with its retries and its children: a command for each, left once all of them have
ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.domain.callers import Caller
from chalicelib.domain.commands import Do
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.errors import Missing, WrongState
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.forgetting import not_forgettable
from chalicelib.service.operators.commands import Operators, leave, read


def forget(outside: Operators, deletion_id: str, caller: Caller) -> Deletion:
    """Leave the command on the deletion and on all that was made of it; those that are forgotten, or will be,
    stay as they are. Raises Missing, or WrongState where one of them is under way or waits.

    What was made of it goes first, so that what is made of it meanwhile is seen.
    """
    found = read(outside, deletion_id)
    family = list(_family(outside, found, set()))
    for each in family:
        _judged(each)
    for each in reversed(family):
        if each.forgotten_at is None and not each.forget_by:
            _leave(outside, each.id, deletion_id, {one.id for one in family}, caller)
    return found


def _leave(outside: Operators, one: str, root: str, family: set[str], caller: Caller) -> None:
    def judged(deletion: Deletion) -> Mapping[str, object]:
        _judged(deletion)
        if set(_relatives(deletion)) - family:
            raise WrongState("another deletion was made of it at this moment: ask again")
        return {"do": Do.FORGET.value}

    leave(outside, one, caller, What.DELETION_FORGOTTEN, judged, told={} if one == root else {"with": root})


def _judged(deletion: Deletion) -> None:
    why_not = not_forgettable(deletion)
    if why_not:
        raise WrongState(why_not)


def _family(outside: Operators, deletion: Deletion, seen: set[str]) -> Iterator[Deletion]:
    """The deletion, then its retries and children, and theirs."""
    seen.add(deletion.id)
    yield deletion
    for one in _relatives(deletion):
        if one in seen:
            continue
        try:
            relative = read(outside, one)
        except Missing:
            continue  # its time is over
        yield from _family(outside, relative, seen)


def _relatives(deletion: Deletion) -> list[str]:
    """Its children, its retry, and dry runs about what it deleted."""
    return [*(child.id for child in deletion.children), *deletion.relatives]
