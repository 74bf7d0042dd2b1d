"""Why nothing may be sent to Zoho for now, though Zoho itself says nothing against it."""

from __future__ import annotations

from chalicelib.domain.errors import ExpungeError


class Paused(ExpungeError):
    """An operator paused sending to Zoho, for this org or for all."""

    def __init__(self, org: str, reason: str) -> None:
        super().__init__(f"org {org!r} is paused: {reason}")
        self.org = org


class Reserved(ExpungeError):
    """The org's credits are down to what the deletion leaves to the others (`keep_credits`)."""

    def __init__(self, org: str) -> None:
        super().__init__(f"org {org!r} keeps its last credits")
        self.org = org
