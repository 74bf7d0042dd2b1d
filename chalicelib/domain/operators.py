"""What operators see and set: a deletion as it lies in the table, holds, pauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain import modules
from chalicelib.domain.deletion import Deletion


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A deletion as somebody saw it who does not hold it. A command that was decided on it is refused where
    the deletion has been written since (`revision`), or another command has come (`control`).

    `commands`: those that nobody has done yet.
    """

    deletion: Deletion
    revision: int
    control: int
    commands: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """A record that may not be deleted, for `reason`, until `until` (seconds since the epoch; None: until it
    is removed). `set_by` is an ARN. `module` is canonical, whichever of its names was given.
    """

    org: str
    module: str
    record_id: str
    reason: str
    set_by: str
    set_at: float
    until: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "module", modules.canonical(self.module))


@dataclass(frozen=True, slots=True)
class Pause:
    """Whether sending to Zoho is paused for what `source` asked for, for `org`, or for all orgs where both
    are None.
    """

    org: str | None
    paused: bool
    reason: str = ""
    set_by: str = ""
    set_at: float = 0.0
    source: str | None = None


@dataclass(frozen=True, slots=True)
class SourceCancel:
    """An operator (`by`, an ARN) wants nothing more of what `source` had asked for at `at` (seconds since the
    epoch).
    """

    source: str
    by: str
    at: float
