"""The parts that evidence is made of."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deletion import Approval
from chalicelib.domain.evidence import canonical, dsse, head, merkle, operators, receipt, records
from chalicelib.domain.evidence.salts import salt
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from tests.evidence.made import STAGE, deletion

#: The test vectors of Certificate Transparency for RFC 6962: leaves, and the root of the first n of them.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def as_the_rfc_has_it(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + as_the_rfc_has_it(leaves[:k]) + as_the_rfc_has_it(leaves[k:])).digest()


@pytest.mark.parametrize("n", range(9))
def test_the_root_is_that_of_the_known_vectors(n: int) -> None:
    assert merkle.root(LEAVES[:n]) == ROOTS[n]


@given(st.lists(st.binary(max_size=5), max_size=70))
def test_the_root_of_any_leaves_is_the_rfcs(leaves: list[bytes]) -> None:
    assert merkle.root(leaves) == as_the_rfc_has_it(leaves).hex()


def test_what_is_signed_is_dsses_own_example() -> None:
    signed = dsse.pae("http://example.com/HelloWorld", b"hello world")
    assert signed == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_an_envelope_is_read_only_as_it_was_written() -> None:
    made = dsse.Envelope(b"{}", dsse.HEAD, "ab", b"sig").to_bytes()
    assert dsse.opened(made).payload == b"{}"
    body = json.loads(made)
    for other in (
        made + b"\n",
        json.dumps(body).encode(),
        json.dumps({**body, "more": 1}, separators=(",", ":")).encode(),
        json.dumps({**body, "signatures": body["signatures"] * 2}, separators=(",", ":")).encode(),
        made.replace(base64.b64encode(b"{}"), b"e30"),
        b"[]",
        b"\xff",
        b"",
    ):
        with pytest.raises(dsse.NoEnvelope):
            dsse.opened(other)


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_a_salt_is_long_enough_and_another_one_for_each_name(names: list[str]) -> None:
    one, other = (salt("seed", name) for name in names)
    assert len(one) >= 22
    assert one != other
    assert salt("another seed", names[0]) != one


def test_a_receipt_says_all_that_the_contract_lists_and_nothing_personal() -> None:
    ended, chunks = deletion(
        asked_by="arn:asker",
        approval=Approval(3, 1.0, 9.0, 2.0, "arn:approver"),
        resolved_by="arn:resolver",
        data_center="eu",
        seed="0" * 32,
    )
    known = records.of(ended, chunks)
    text = receipt.payload(ended, receipt.Facts(STAGE, known, ["77"])).decode()
    said = json.loads(text)
    assert set(said) == {
        *("version", "deletion", "stage", "org", "module", "operation", "dry_run", "status", "source"),
        *("asked_by", "approved_by", "resolved_by", "reference_sha256", "requested_at", "finished_at"),
        *("counts", "limits", "records", "log", "zoho", "recycle_bin", "verification", "not_covered"),
    }
    assert (said["asked_by"], said["approved_by"], said["resolved_by"]) == (
        "arn:asker",
        "arn:approver",
        "arn:resolver",
    )
    assert said["zoho"] == {"data_center": "eu", "calls": 1, "jobs": ["77"]}
    assert said["records"] == {"count": 3, "root": known.root}
    first = json.loads(known.first)
    digest = hashlib.sha256((first["reference_salt"] + "DSR-17 Anna").encode()).hexdigest()
    assert (first["reference"], said["reference_sha256"]) == ("DSR-17 Anna", digest)
    for personal in (*ended.request.ids, "DSR-17", "Anna", "she asked"):
        assert personal not in text


def test_records_have_the_order_and_outcomes_of_the_deletion() -> None:
    known = records.of(*deletion())
    lines = [json.loads(line) for line in known.lines]
    assert [(each["id"], each["outcome"], each["code"]) for each in lines] == [
        ("410405000002264100", "deleted", None),
        ("410405000002264101", "deleted", None),
        ("410405000002264102", "failed", "RECORD_LOCKED"),
    ]
    assert len({each["salt"] for each in lines}) == 3
    assert records.unpacked(known.packed()) == known


def test_another_end_of_a_deletion_has_other_salts() -> None:
    ended, chunks = deletion()
    later = replace(ended, finished_at=(ended.finished_at or 0.0) + 60)
    assert records.of(later, chunks).root != records.of(ended, chunks).root


def test_a_deletion_without_a_reference_names_none() -> None:
    ended, chunks = deletion(reference=None)
    known = records.of(ended, chunks)
    assert json.loads(known.first) == {"reference_salt": None, "reference": None}
    assert json.loads(receipt.payload(ended, receipt.Facts(STAGE, known)))["reference_sha256"] is None


def test_no_ids_at_all_are_known_and_an_unfrozen_views_are_not() -> None:
    ended, _ = deletion(marks="", id_count=0, chunks=0)
    said = json.loads(receipt.payload(ended, receipt.Facts(STAGE, records.of(ended, []))))
    assert receipt.records_are_known(ended)
    assert said["records"] == {"count": 0, "root": ROOTS[0]}
    view = replace(ended.request, operation=Operation.MASS_DELETE, cvid="7")
    assert not receipt.records_are_known(replace(ended, request=view))
    assert receipt.records_are_known(replace(ended, request=view, frozen=True))
    assert not receipt.records_are_known(replace(ended, forgotten_at=1.0))
    said = json.loads(receipt.payload(replace(ended, request=view), receipt.Facts(STAGE, None)))
    assert said["records"] == {"count": None, "root": None}


def test_the_prefix_of_a_deletions_records_is_no_other_ones() -> None:
    prefix = receipt.records_prefix("del_1")
    assert all(receipt.records_name("del_1", n).startswith(prefix) for n in (1, 2, 10))
    assert not receipt.records_name("del_11", 1).startswith(prefix)
    assert receipt.name("del_1", 2) == "receipts/del_1.2.json"
    assert receipt.records_name("del_1", 2) == "records/del_1.2.jsonl.gz"


def test_heads_count_from_one_and_name_the_one_before() -> None:
    first = head.following(
        None, "2026-01-01T00:00:00.000Z", STAGE, [("receipts/b", "2"), ("receipts/a", "1")]
    )
    second = head.following(first, "2026-01-01T00:01:00.000Z", STAGE, [("receipts/c", "3")])
    assert (first.n, first.previous, second.n) == (1, "", 2)
    assert second.previous == hashlib.sha256(first.payload()).hexdigest()
    assert head.read(first.payload()) == first
    assert list(first.entries) == ["receipts/a", "receipts/b"]
    assert head.name(1) == "heads/000000000001.json"
    assert head.number(head.name(12)) == 12
    assert head.number("heads/1.json") is None
    twice = first.payload().replace(b"receipts/b", b"receipts/a")
    for other in (first.payload() + b" ", b"{}", b"[]", twice):
        with pytest.raises(head.NoHead):
            head.read(other)


ENTRY = operators.Entry(
    id="op_01M8298QNC9R2FS46471MHPX7V",
    at=1.0,
    by="arn:aws:sts::123456789012:assumed-role/Admin/anna",
    what=operators.What.HOLD_SET,
    target="default/Leads/410405000002264040",
    before=None,
    after={"reason": "Anna", "until": "2027-01-01T00:00:00.000Z", "more": ["a@b.example", 5, True], "n": "7"},
    seed="5" * 32,
)


def test_an_operators_object_has_hashes_for_ids_and_texts_and_names_for_the_rest() -> None:
    text = operators.sealed(ENTRY).decode()
    said = json.loads(text)
    for private in ("410405000002264040", "Anna", "a@b.example"):
        assert private not in text.replace(ENTRY.by, "")
    assert said["target"].startswith("default/Leads/sha256:")
    assert said["after"]["until"] == "2027-01-01T00:00:00.000Z"
    assert said["after"]["more"][1:] == [5, True]
    expected = canonical.salted(salt(ENTRY.seed, "after/reason"), "Anna")
    assert said["after"]["reason"] == f"sha256:{expected}"
    assert said["by"] == ENTRY.by
    assert said["id"] == ENTRY.id


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_free_text_of_an_entry_stands_in_its_object(text: str) -> None:
    words = f"{text} x"
    made = operators.sealed(replace(ENTRY, after={"reason": text, words: words}))
    said = json.loads(made)["after"]
    assert said["reason"].startswith("sha256:")
    assert all(each.startswith("sha256:") for each in said.values())
    assert all(name == "reason" or name.startswith("sha256:") for name in said)


def test_a_deletion_that_ends_anew_says_so() -> None:
    ended, chunks = deletion()
    facts = receipt.Facts(STAGE, records.of(ended, chunks))
    resolved = replace(ended, status=Status.COMPLETED)
    assert receipt.payload(ended, facts) != receipt.payload(resolved, facts)
