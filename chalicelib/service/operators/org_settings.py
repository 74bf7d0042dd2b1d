"""What operators set for an org: records that are held, and whether anything is sent to Zoho."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from chalicelib.domain.callers import Caller
from chalicelib.domain.document import iso
from chalicelib.domain.errors import Missing, WrongState
from chalicelib.domain.evidence.operators import Entry, What
from chalicelib.domain.operators import Hold, Pause, SourceCancel

#: What stands for all orgs where one is named.
ALL = "*"
#: Holds that one page lists.
PAGE = 100


class Orgs(Protocol):
    """The part of the table that holds and pauses lie in. What a person changes is written together with
    its entry of the operators' log (`noted`): both, or neither.
    """

    def hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """The hold that protects the record for longest, by whichever name of its module it was set; ended
        ones included; strongly consistent.
        """

    def own_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """The module's own hold, which `remove_hold` would remove; strongly consistent."""

    def set_hold(self, hold: Hold, noted: Entry) -> None:
        """Set it, or put it in the place of the one that is there."""

    def remove_hold(
        self, org: str, module: str, record_id: str, noted: Callable[[Hold], Entry]
    ) -> Hold | None:
        """Remove the module's own hold, and tell what it was; None where it has none."""

    def holds(
        self, org: str, after: tuple[str, str] | None, limit: int
    ) -> tuple[Sequence[Hold], tuple[str, str] | None]:
        """Up to `limit` holds of the org by module and record id, after `after`, ended ones included, and
        the `after` of the next ones; None where there are no more.
        """

    def pause(self, org: str | None, source: str | None = None) -> Pause:
        """What was set for the source, for the org, or for all orgs (both None); not paused where nothing
        was.
        """

    def paused(self, org: str, source: str = "") -> str | None:
        """See ports.Ledger; ALL stands for every org."""

    def set_pause(self, pause: Pause, noted: Entry) -> None:
        """Pause, or go on."""

    def set_source_cancel(self, cancel: SourceCancel, noted: Entry) -> None:
        """Cancel what the source had asked for by then, and has not been sent."""


def hold(orgs: Orgs, org: str, module: str, record_id: str, now: float) -> Hold:
    """The hold. Raises Missing where there is none, or it has ended."""
    found = orgs.hold(org, module, record_id)
    if found is None or (found.until is not None and found.until <= now):
        raise Missing(f"{org}/{module}/{record_id}")
    return found


def set_hold(orgs: Orgs, hold: Hold, caller: Caller) -> None:
    """Set the hold, or put it in the place of the one that is there."""
    before = orgs.own_hold(hold.org, hold.module, hold.record_id)
    told = None if before is None else _told(before)
    orgs.set_hold(hold, caller.entry(What.HOLD_SET, _named(hold), told, _told(hold)))


def set_pause(orgs: Orgs, pause: Pause, caller: Caller) -> None:
    """Pause, or go on."""
    before = orgs.pause(pause.org, pause.source)
    what = What.PAUSE_SET if pause.paused else What.PAUSE_ENDED
    target = f"source/{pause.source}" if pause.source else f"org/{pause.org or ALL}"
    told = [{"paused": each.paused, "reason": each.reason or None} for each in (before, pause)]
    orgs.set_pause(pause, caller.entry(what, target, *told))


def _named(hold: Hold) -> str:
    return f"{hold.org}/{hold.module}/{hold.record_id}"


def _told(hold: Hold) -> dict[str, str | None]:
    return {"reason": hold.reason, "until": iso(hold.until), "set_by": hold.set_by}


def remove_hold(orgs: Orgs, org: str, module: str, record_id: str, caller: Caller) -> Hold:
    """Remove the hold, and tell what it was. Raises Missing where there is none, WrongState where the record
    is held by a name that stands for several modules, or only one of them.
    """
    found = orgs.remove_hold(
        org, module, record_id, lambda hold: caller.entry(What.HOLD_REMOVED, _named(hold), _told(hold))
    )
    if found is not None:
        return found
    other = orgs.hold(org, module, record_id)
    if other is None:
        raise Missing(f"{org}/{module}/{record_id}")
    raise WrongState(f"the record is held as {other.module}/{record_id}: remove that hold")


def holds(
    orgs: Orgs, org: str, after: tuple[str, str] | None, now: float
) -> tuple[list[Hold], tuple[str, str] | None]:
    """A page of the org's holds, and where the next one begins; None where there are no more."""
    found, following = orgs.holds(org, after, PAGE)
    return [one for one in found if one.until is None or one.until > now], following


def paused(orgs: Orgs, org: str | None) -> Pause:
    """What holds for the org, or for all (None): a pause of all orgs, its own, or one that nobody set because
    the table was restored.
    """
    for_all = orgs.pause(None)
    found = for_all if org is None or for_all.paused else orgs.pause(org)
    reason = orgs.paused(org or ALL)
    return found if found.paused or reason is None else Pause(None, paused=True, reason=reason)
