"""What our commands tell the operators' log of a changed secret: never a key; and what nobody told."""

from __future__ import annotations

import json
from typing import Any

from cli.checks.changes import _changed
from cli.secret_log import entries
from cli.sources import fingerprint

OLD, NEW = "whsec_" + "b2xk" * 11, "whsec_" + "bmV3" * 11
BEFORE: dict[str, Any] = {"modules": ["Leads"], "max_records": 500, "keys": [OLD]}


def told(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[tuple[str, Any, Any]]:
    found = list(entries("crm", before, after, "v1", "v2"))
    assert "whsec_" not in json.dumps(found)
    assert all(each["target"] == "crm" for each in found)
    return [(each["what"], each["before"], each["after"]) for each in found]


def test_a_changed_limit_tells_only_what_changed() -> None:
    after = {**BEFORE, "max_records": 200}
    assert told(BEFORE, after) == [
        ("source.changed", {"max_records": 500, "version": "v1"}, {"max_records": 200, "version": "v2"})
    ]


def test_keys_go_by_their_fingerprints() -> None:
    assert told(BEFORE, {**BEFORE, "keys": [NEW]}) == [
        ("key.made", {"version": "v1"}, {"fingerprint": fingerprint(NEW), "version": "v2"}),
        ("key.revoked", {"fingerprint": fingerprint(OLD), "version": "v1"}, {"version": "v2"}),
    ]


def test_a_new_source_tells_itself_and_its_key_and_a_removed_one_too() -> None:
    assert [what for what, _, _ in told(None, BEFORE)] == ["source.changed", "key.made"]
    assert [what for what, _, _ in told(BEFORE, None)] == ["source.changed", "key.revoked"]


def test_what_was_changed_by_hand_is_named_without_any_value() -> None:
    after = {"crm": {**BEFORE, "max_records": 9, "keys": [OLD, NEW]}, "erp": BEFORE}
    said = _changed({"crm": BEFORE, "old": BEFORE}, after)
    assert said == f"crm (max_records, new key {fingerprint(NEW)}), erp (new), old (removed)"
    assert _changed(None, after) == "what it was before cannot be read"
