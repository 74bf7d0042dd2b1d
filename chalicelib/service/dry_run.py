"""What the operators' use cases work with when they only tell what would happen: ports that read the real
thing and write nothing.

So a dry run is judged by the very code that the call itself would run, and no rule is known twice. Only what
is named here is passed on: a port's method that is new is missing here until somebody has decided what it
does in a dry run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.domain import quota
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.evidence import operators
from chalicelib.domain.log import Entry
from chalicelib.domain.operators import Hold, Pause, Snapshot, SourceCancel
from chalicelib.domain.outcomes import Chunk
from chalicelib.domain.retention.stored_policy import Ran, StoredPolicy
from chalicelib.service import ports
from chalicelib.service.operators import commands, log, org_settings, people
from chalicelib.service.retention import policies


class NoNudges:
    """Nudges that wake nobody."""

    def nudge(self, deletion_id: str, delay: float = 0.0) -> None:
        """See messaging.Nudges."""


@dataclass
class Deliveries:
    """ports.Deliveries. `stored`: the deletion that would have been stored."""

    of: ports.Deliveries
    stored: Deletion | None = None

    def find_delivery(self, source: str, delivery_id: str) -> ports.Delivery | None:
        """See ports.Deliveries."""
        return self.of.find_delivery(source, delivery_id)

    def accept(
        self,
        deletion: Deletion,
        entry: Entry,  # noqa: ARG002 -- as the port has it
        delivery: ports.Delivery,
        now: float,
        noted: operators.Entry | None = None,  # noqa: ARG002 -- as the port has it
    ) -> bool:
        """Whether it would be stored: not where the delivery id is taken."""
        before = self.of.find_delivery(delivery.source, delivery.delivery_id)
        if before is not None and before.expires_at > now:
            return False
        self.stored = deletion
        return True

    def count(self, wanted: quota.Count) -> quota.Counted | quota.Full:
        """Whether it would fit; nothing is counted."""
        return quota.counted(self.tally(wanted.source, wanted.day), wanted)[1]

    def uncount(self, wanted: quota.Count) -> None:
        """Nothing was counted."""

    def tally(self, source: str, day: str) -> quota.Tally:
        """See ports.Deliveries."""
        return self.of.tally(source, day)


@dataclass(frozen=True)
class Deletions:
    """commands.Deletions."""

    of: commands.Deletions

    def snapshot(self, deletion_id: str) -> Snapshot | None:
        """See commands.Deletions."""
        return self.of.snapshot(deletion_id)

    def command(
        self,
        snapshot: Snapshot,  # noqa: ARG002 -- as the port has it
        command: Mapping[str, object],  # noqa: ARG002 -- as the port has it
        now: float,  # noqa: ARG002 -- as the port has it
        noted: operators.Entry,  # noqa: ARG002 -- as the port has it
    ) -> bool:
        """No command is stored."""
        return True

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """See commands.Deletions."""
        return self.of.chunk(deletion_id, number)

    def calls(self, deletion_id: str, numbers: Sequence[int]) -> list[ports.Call]:
        """See commands.Deletions."""
        return self.of.calls(deletion_id, numbers)

    def listed(self, day: str, before: tuple[str, str] | None, limit: int) -> Sequence[tuple[str, str]]:
        """See commands.Deletions."""
        return self.of.listed(day, before, limit)

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """See commands.Deletions."""
        return self.of.get_many(deletion_ids)

    def wake(self, deletion_id: str, now: float) -> bool:  # noqa: ARG002 -- as the port has it
        """Nobody is woken."""
        return True


@dataclass(frozen=True)
class Orgs:
    """org_settings.Orgs."""

    of: org_settings.Orgs

    def hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        return self.of.hold(org, module, record_id)

    def own_hold(self, org: str, module: str, record_id: str) -> Hold | None:
        """See org_settings.Orgs."""
        return self.of.own_hold(org, module, record_id)

    def set_hold(self, hold: Hold, noted: operators.Entry) -> None:
        """Nothing is stored."""

    def remove_hold(
        self,
        org: str,
        module: str,
        record_id: str,
        noted: Callable[[Hold], operators.Entry],  # noqa: ARG002 -- as the port has it
    ) -> Hold | None:
        """The hold, which stays."""
        return self.of.own_hold(org, module, record_id)

    def holds(
        self, org: str, after: tuple[str, str] | None, limit: int
    ) -> tuple[Sequence[Hold], tuple[str, str] | None]:
        """See org_settings.Orgs."""
        return self.of.holds(org, after, limit)

    def pause(self, org: str | None, source: str | None = None) -> Pause:
        """See org_settings.Orgs."""
        return self.of.pause(org, source)

    def paused(self, org: str, source: str = "") -> str | None:
        """See org_settings.Orgs."""
        return self.of.paused(org, source)

    def set_source_cancel(self, cancel: SourceCancel, noted: operators.Entry) -> None:
        """Nothing is cancelled."""

    def set_pause(self, pause: Pause, noted: operators.Entry) -> None:
        """Nothing is stored."""


@dataclass(frozen=True)
class Log:
    """log.Log."""

    of: log.Log

    def tell(self, entry: operators.Entry) -> None:
        """Kept nowhere."""

    def entries_of_operators(
        self, since: float, until: float, before: str | None, limit: int
    ) -> tuple[Sequence[operators.Entry], str | None]:
        """See log.Log."""
        return self.of.entries_of_operators(since, until, before, limit)


@dataclass
class Store:
    """policies.Store; what was put is read back, and is not there for anybody else."""

    of: policies.Store
    _put: dict[tuple[str, str], StoredPolicy] = field(default_factory=dict)

    def policy(self, org: str, name: str) -> StoredPolicy | None:
        """See policies.Store."""
        return self._put.get((org, name)) or self.of.policy(org, name)

    def policies(self, org: str) -> list[StoredPolicy]:
        """See policies.Store."""
        return self.of.policies(org)

    def put_policy(self, kept: StoredPolicy, noted: operators.Entry) -> bool:  # noqa: ARG002 -- as the port has it
        """Whether it would be written: over the revision before."""
        before = self.of.policy(kept.org, kept.name)
        if (before.revision if before else 0) != kept.revision - 1:
            return False
        last, skipped = (before.last, before.skipped) if before else (None, None)
        self._put[kept.org, kept.name] = replace(kept, last=last, skipped=skipped)
        return True

    def remove_policy(self, org: str, name: str, noted: operators.Entry) -> bool:  # noqa: ARG002 -- as the port has it
        """Whether it is there; it stays."""
        return self.of.policy(org, name) is not None

    def claim_run(self, kept: StoredPolicy, ran: Ran) -> bool:  # noqa: ARG002 -- as the port has it
        """Nothing is claimed."""
        return True

    def going(self, deletion_id: str, now: float) -> bool | None:
        """See policies.Store."""
        return self.of.going(deletion_id, now)


@dataclass
class People:
    """people.People."""

    of: people.People

    def get(self, deletion_id: str) -> Deletion | None:
        """See people.People."""
        return self.of.get(deletion_id)

    def part(self, deletion_id: str, number: int) -> object:
        """See people.People."""
        return self.of.part(deletion_id, number)

    def person_map(self, org: str) -> Mapping[str, object] | None:
        """See people.People."""
        return self.of.person_map(org)

    def org_modules(self, org: str) -> Sequence[Mapping[str, object]] | None:
        """See people.People."""
        return self.of.org_modules(org)

    def put_person_map(self, org: str, person_map: Mapping[str, object], noted: operators.Entry) -> None:
        """Put nowhere."""
