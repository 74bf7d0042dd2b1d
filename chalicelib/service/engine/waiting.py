"""From a verdict that means "not now" to a wait: its name in `waiting_for`, and whether the give-up time
runs.
"""

from __future__ import annotations

from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.zoho.verdict import Verdict
from chalicelib.service.engine.slice import LeasedSlice
from chalicelib.service.engine.step import TryAgain

LANE = "another mass delete at Zoho"
CREDENTIALS = "zoho credentials"
LOCKED = "locked records"
PAUSE = "pause"
CREDITS = "api credits"

_WAITING_FOR = {
    Verdict.WAIT_LANE: LANE,
    Verdict.WAIT_CREDITS: CREDITS,
    Verdict.WAIT_CREDENTIALS: CREDENTIALS,
    Verdict.WAIT_TOKEN: "zoho token limit",
    Verdict.RETRY_SLOWLY: LOCKED,
}

#: Waits that are nobody's failure: the give-up time does not run (contract section 3).
_BLAMELESS = frozenset({Verdict.WAIT_LANE, Verdict.WAIT_CREDITS})


def try_again(work: LeasedSlice, deletion: Deletion, then: TryAgain, **parts: Any) -> None:
    """Rest as a step says."""
    wait_for(
        work,
        deletion,
        then.call,
        then.verdict,
        then.code,
        then.asked,
        then.at_least,
        blame=then.blame,
        **parts,
    )


def wait_for(
    work: LeasedSlice,
    deletion: Deletion,
    call: str,
    verdict: Verdict,
    code: str,
    asked: float | None = None,
    at_least: float = 0.0,
    *,
    blame: bool = True,
    **parts: Any,
) -> None:
    """Rest because of `verdict` on `call`; `code` says what Zoho answered where the verdict has no name of
    its own.
    """
    waiting_for = _WAITING_FOR.get(verdict, f"zoho ({code})" if code else "zoho")
    blame = blame and verdict not in _BLAMELESS
    work.try_again(deletion, call, waiting_for, blame=blame, asked=asked, at_least=at_least, **parts)
