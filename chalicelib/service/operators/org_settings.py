"""What operators set for an org: records that are held, and whether anything is sent to Zoho."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.errors import Missing, WrongState
from chalicelib.domain.operators import Hold, Pause, SourceCancel

#: What stands for all orgs where one is named.
ALL = "*"
#: Holds that one page lists.
PAGE = 100


class Orgs(Protocol):
    """The part of the table that holds and pauses lie in."""

    def hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """The hold that protects the record for longest, by whichever name of its module it was set; ended
        ones included; strongly consistent.
        """

    def own_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """The module's own hold, which `remove_hold` would remove; strongly consistent."""

    def set_hold(self, hold: Hold) -> None:
        """Set it, or put it in the place of the one that is there."""

    def remove_hold(self, org: str, module: str, record_id: str) -> Hold | None:
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

    def set_pause(self, pause: Pause) -> None:
        """Pause, or go on."""

    def set_source_cancel(self, cancel: SourceCancel) -> None:
        """Cancel what the source had asked for by then, and has not been sent."""


def hold(orgs: Orgs, org: str, module: str, record_id: str, now: float) -> Hold:
    """The hold. Raises Missing where there is none, or it has ended."""
    found = orgs.hold(org, module, record_id)
    if found is None or (found.until is not None and found.until <= now):
        raise Missing(f"{org}/{module}/{record_id}")
    return found


def remove_hold(orgs: Orgs, org: str, module: str, record_id: str) -> Hold:
    """Remove the hold, and tell what it was. Raises Missing where there is none, WrongState where the record
    is held by a name that stands for several modules, or only one of them.
    """
    found = orgs.remove_hold(org, module, record_id)
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
