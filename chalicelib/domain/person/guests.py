"""Participants of an event: by the record that they are, or by their address alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

from chalicelib.domain.person.matching import Wanted

#: The module whose records have participants, and their field.
EVENTS, PARTICIPANTS = "Events", "Participants"
#: Types of participants that are records of the modules that are searched.
_RECORDS = frozenset({"contact", "lead"})


def guest_places(values: Mapping[str, object], wanted: Wanted) -> tuple[str, ...]:
    """The places of the person's addresses among the participants who are no records, sorted."""
    return tuple(sorted({place for each in _listed(values) for place in _places(each, wanted)}))


def _listed(values: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    there = values.get(PARTICIPANTS)
    for each in there if isinstance(there, list) else ():
        if isinstance(each, Mapping):
            yield each


def _places(participant: Mapping[str, object], wanted: Wanted) -> tuple[str, ...]:
    """The places of the address of one participant; none of one that is a record, which its id tells."""
    one, kind = participant.get("participant"), participant.get("type")
    is_record = kind in _RECORDS or (kind is None and isinstance(one, str) and one.isdigit())
    address = participant.get("Email") or one
    return wanted.by_email(address) if isinstance(address, str) and not is_record else ()


def without_participants(
    values: Mapping[str, object],
    leaving: Set[str],
    is_theirs: Callable[[tuple[str, ...]], bool],
    wanted: Wanted,
) -> list[object] | None:
    """The participants without these records, and without the addresses whose places are the person's; None
    where none of them is there.
    """
    there = values.get(PARTICIPANTS)
    if not isinstance(there, list):
        return None
    left = [each for each in there if not _leaves(each, leaving, is_theirs, wanted)]
    return left if len(left) < len(there) else None


def _leaves(
    participant: object, ids: Set[str], is_theirs: Callable[[tuple[str, ...]], bool], wanted: Wanted
) -> bool:
    if not isinstance(participant, Mapping):
        return False
    if str(participant.get("participant")) in ids:
        return True
    places = _places(participant, wanted)
    return bool(places) and is_theirs(places)


def takes_part(values: Mapping[str, object], record_id: str) -> bool:
    """Is the record among the participants?"""
    return any(str(each.get("participant")) == record_id for each in _listed(values))
