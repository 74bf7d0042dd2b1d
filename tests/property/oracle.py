"""A Zoho that looks at every call that changes it, by values alone: whose record is it at this very moment?

It knows the person's values, the person map and the stored map of the erasure at work, and none of the code
that decides. What it refuses is a wrong deletion, whatever the service thinks of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.operators.people import map_page
from tests.crash.zoho import MatrixZoho
from tests.fake_ledger import FakeLedger

EMAIL, PHONE = "anna@example.com", "+436601234567"
HERS = ("anna@example.com", "Anna@Example.COM", " anna@example.com ")
NOT_HERS = (
    "joanna@example.com",
    "anna@example.com.au",
    "hanna.anna@example.com",
    "anna@example.co",
    "",
    None,
)
NUMBERS = ("+43 660 1234567", "+43 (660) 123-4567", "+43 660 12345678", "+43 660 7654321", None)
PERSONAL = ("Email", "Second_Email", "Phone")


def is_hers(name: str, value: object) -> bool:
    """Is this value of a personal field the person's, as a whole?"""
    if not isinstance(value, str):
        return False
    if name == "Phone":
        return re.sub(r"[ ()./-]", "", value) == PHONE
    return value.strip().casefold() == EMAIL


class Oracle(MatrixZoho):
    """`rules`: the org's person map by module, as it was put. `working`: the erasure whose worker calls.

    `identities`: what each erasure was asked for, a retry too: the table forgets it.
    """

    ledger: FakeLedger

    def __init__(self, clock: Callable[[], float], concurrency: int = 1) -> None:
        super().__init__(clock, [], concurrency)
        self.rules: dict[str, dict[str, Any]] = {}
        self.working = ""
        self.identities: dict[str, dict[str, Any]] = {}
        self.tick: Callable[[], None] = lambda: None  # what a call takes: time
        self.began: set[tuple[str, str]] = set()

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        self.tick()
        return super()._do(name, what, work)

    def theirs(self, module: str, one: str) -> bool:
        """Does the record hold a value of the person, or does the request name it?"""
        return self.holds(module, one) or (module, one) in self._named()

    def holds(self, module: str, one: str) -> bool:
        """Does a field that the person map looks at hold a value of the identity?"""
        values = self.people[module].values.get(one, {})
        looked_at = self.rules.get(module, {}).get("match", PERSONAL)
        return any(is_hers(name, values.get(name)) and self._asked_for(name) for name in looked_at)

    def _asked_for(self, name: str) -> bool:
        return bool(self.identities[self.working]["phones" if name == "Phone" else "emails"])

    def _named(self) -> set[tuple[str, str]]:
        return {(each["module"], each["id"]) for each in self.identities[self.working]["records"]}

    def action(self, module: str, one: str, erasure: str = "") -> str:
        """What the map of the erasure at work (or of `erasure`) says of the record, with what its approval
        meant; "" where the record is not in it.
        """
        erasure = erasure or self.working
        for each in map_page(self.ledger, erasure, 0).entries:
            if (each["module"], each["id"]) == (module, one):
                approval = self.ledger.rows[erasure].deletion.approval
                meant = approval is not None and approval.shared
                rule = self.rules.get(module, {}).get("action", "unlink")
                shared = each["keep_reason"] == "shared value"
                return str(rule if shared and meant else each["action"])
        return ""

    def _went_before(self, module: str, one: str) -> bool:
        """Is the record gone, and was it deleted by the erasure that is retried?"""
        elder = self.ledger.rows[self.working].deletion.retry_of
        return elder is not None and not self.there(one) and self.action(module, one, elder) == "delete"

    # --- the calls that change Zoho ------------------------------------------------------------------

    def delete_records(self, module: str, ids: Sequence[str], wf_trigger: bool) -> Reply:
        self._may_call()
        assert wf_trigger is False, "workflows would run"
        assert len(set(ids)) == len(ids) <= 100
        for one in ids:
            if module == "Notes":
                parent = self.along[one]
                self._may_clear(self.module_of(parent), parent, "Notes")
            else:
                self._may_go(module, one)
        return super().delete_records(module, ids, wf_trigger)

    def update(self, module: str, record_id: str, values: Mapping[str, object]) -> Reply:
        self._may_call()
        before = self.people[module].values.get(record_id, {})
        for name, value in values.items():
            if name == "Participants":
                assert isinstance(value, list)
                self._may_leave(before.get(name, []), value)
            else:
                assert value is None, "erasing writes nothing but emptiness"
                self._may_empty(module, record_id, name, before.get(name))
        return super().update(module, record_id, values)

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        self._may_call()
        assert module in ("Deals", "Campaigns"), "a link of something else"
        for one in ids:
            self._may_lose_links("Contacts" if related_list == "Contact_Roles" else related_list, one)
        return super().delink(module, record_id, related_list, ids)

    def delete_attachment(self, module: str, record_id: str, attachment_id: str) -> Reply:
        self._may_call()
        self._may_clear(module, record_id, "Attachments")
        return super().delete_attachment(module, record_id, attachment_id)

    def _may_call(self) -> None:
        deletion = self.ledger.rows[self.working].deletion
        assert self.ledger.paused("default", deletion.source) is None, "sent in a pause"
        assert not deletion.request.dry_run, "sent by a dry run"
        assert not deletion.cancelled_by, "sent after a cancel"
        if deletion.limits.erase_person_approval:
            approval = deletion.approval
            assert approval is not None, "sent without an approval"
            assert approval.approved_at is not None, "sent without an approval"
            assert approval.map_hash == deletion.erasure["map_hash"], "sent for another map"

    def _held(self, module: str, one: str) -> bool:
        return bool(self.ledger.held("default", module, [one], self.clock()))

    def _may_go(self, module: str, one: str) -> None:
        assert one in self.people[module].values, f"{one} is no record of {module}"
        assert not self._held(module, one), f"{module} {one} is held"
        assert self.action(module, one) == "delete", f"{module} {one} is in no map as deleted"
        assert not self.there(one) or self.theirs(module, one), f"{module} {one} is somebody else's"

    def _may_lose_links(self, module: str, one: str) -> None:
        assert not self._held(module, one), f"a link to {module} {one}, which is held"
        goes = self.action(module, one) == "delete" or self._went_before(module, one)
        assert goes, f"a link to {module} {one}, which stays"

    def _may_leave(self, before: Sequence[Any], after: Sequence[Any]) -> None:
        assert all(each in before for each in after), "a participant was added"
        for each in before:
            if each not in after:
                self._may_lose_links(self.module_of(each["participant"]), each["participant"])

    def _may_empty(self, module: str, one: str, name: str, value: object) -> None:
        assert not self._held(module, one), f"{module} {one} is held"
        if isinstance(value, Mapping):
            self._may_lose_links(self.module_of(str(value["id"])), str(value["id"]))
        elif name in self.rules.get(module, {}).get("clear", ()):
            self._may_clear(module, one, name)
        else:
            assert self.action(module, one) == "unlink", f"{name} of {module} {one}, which is {value!r}"
            assert is_hers(name, value), f"{name} of {module} {one} is {value!r}"
            self.began.add((module, one))

    def _may_clear(self, module: str, one: str, part: str) -> None:
        """The record is the person's, or was when its clearing began and is nobody else's since."""
        assert part in self.rules[module]["clear"], f"{part} of {module} {one}"
        assert not self._held(module, one), f"{module} {one} is held"
        assert self.action(module, one) in ("unlink", "clear")
        if self.theirs(module, one):
            self.began.add((module, one))
        values = self.people[module].values[one]
        others = [n for n in PERSONAL if values.get(n) and not is_hers(n, values[n])]
        known = (module, one) in self.began
        assert known, f"{part} of {module} {one}, which is somebody else's"
        assert self.theirs(module, one) or not others, f"{part} of {module} {one}, which became another's"
