"""What is kept for erasing people, on every ledger: parts of a deletion, person maps, modules of an org."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.evidence.operators import What
from chalicelib.service.ports import Change, Part
from tests.contract.ledger.test_ledger import NOW, accept, deletion


def test_parts_and_modules_are_written_with_the_deletion(ledger: Any) -> None:
    accept(ledger, deletion("del_1"), "d1")
    claim = ledger.claim("del_1", NOW, NOW + 60)
    parts = (Part(0, {"a": ["ü"]}), Part(101, [1]))
    modules = ({"name": "Leads", "fields": []},)
    change = Change(claim.deletion, NOW, NOW + 60, parts=parts, org_modules=modules)
    claim = ledger.save(claim, change)
    assert ledger.part("del_1", 0) == {"a": ["ü"]}
    assert list(ledger.org_modules(claim.deletion.request.org)) == [{"name": "Leads", "fields": []}]
    ledger.save(claim, Change(claim.deletion, NOW, NOW + 60, parts=(Part(101, [2]),)))
    assert ledger.part("del_1", 101) == [2]
    with pytest.raises(Unreadable):
        ledger.part("del_1", 7)


def test_a_person_map_is_put_with_its_entry_in_the_operators_log(ledger: Any) -> None:
    assert ledger.person_map("default") is None
    assert ledger.org_modules("default") is None
    entry = Caller("arn:ann", NOW).entry(What.PERSON_MAP_PUT, "org/default", None, {"max_shared": 5})
    ledger.put_person_map("default", {"region": "AT", "max_shared": 5, "modules": {}}, entry)
    assert ledger.person_map("default") == {"region": "AT", "max_shared": 5, "modules": {}}
    assert ledger.person_map("other") is None
    listed, _ = ledger.entries_of_operators(NOW - 1, NOW + 1, None, 10)
    assert [each.what for each in listed] == [What.PERSON_MAP_PUT]
