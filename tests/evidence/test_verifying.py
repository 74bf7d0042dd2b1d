"""Whatever is changed, taken away or put in shows, offline, with the key and the files alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import ids
from chalicelib.domain.evidence import canonical, chain, dsse, folder, head, operators, records
from chalicelib.domain.evidence.checking import PUBLIC_KEY, Findings
from tests.evidence.made import NOW, Bucket, Maker, SigningKey, chain_of, deletion
from tests.evidence.made import folder as made_folder

KEEP = 400
FOLDER, FOLDER_KEY = made_folder()
MAKER, CHAIN = chain_of(2)
(RECEIPT,) = [name for name in FOLDER if name.startswith("receipts/")]
RECORDS = folder.records_name(RECEIPT)


def problems(objects: dict[str, bytes]) -> list[str]:
    return folder.check(objects, FOLDER_KEY)[0].problems


def chain_problems(objects: dict[str, bytes], maker: Maker = MAKER) -> list[str]:
    return chain.check(Bucket(objects), maker.signing.key, KEEP).found.problems


def test_a_folder_as_it_was_written_fits() -> None:
    found, told = folder.check(FOLDER, FOLDER_KEY)
    assert (found.problems, found.notes, len(told)) == ([], [], 1)


def test_a_folder_without_records_still_fits_and_says_so() -> None:
    found, _ = folder.check({k: v for k, v in FOLDER.items() if k != RECORDS}, FOLDER_KEY)
    assert not found.problems
    assert "forgotten" in found.notes[0]


@settings(max_examples=300)
@given(st.data())
def test_any_byte_of_a_folder_that_is_changed_is_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in FOLDER if name != PUBLIC_KEY]))
    before = FOLDER[name]
    at = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != before[at]))
    changed = before[:at] + bytes([byte]) + before[at + 1 :]
    if name == RECORDS and _says(changed) == _says(before):
        return  # bits that the compression does not use
    assert problems({**FOLDER, name: changed}), (name, at, byte)


@settings(max_examples=100)
@given(st.data())
def test_a_file_that_is_cut_off_or_goes_on_is_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in FOLDER if name != PUBLIC_KEY]))
    cut = FOLDER[name][: data.draw(st.integers(0, len(FOLDER[name]) - 1))]
    assert problems({**FOLDER, name: cut})
    assert problems({**FOLDER, name: FOLDER[name] + data.draw(st.binary(min_size=1, max_size=5))})


def _says(data: bytes) -> object:
    try:
        return records.unpacked(data)
    except records.NoRecords as problem:
        return str(problem)


def forged_records(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    known = records.unpacked(FOLDER[RECORDS])
    return replace(known, lines=tuple(change(list(known.lines)))).packed()


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0].replace(b"410405", b"410406"), *lines[1:]],
        lambda lines: [lines[0].replace(b'"deleted"', b'"held"'), *lines[1:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: lines[:-1],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [],
    ],
    ids=["id", "outcome", "order", "one less", "one more", "none"],
)
def test_records_that_say_something_else_are_found(change: Callable[[list[bytes]], list[bytes]]) -> None:
    (problem,) = problems({**FOLDER, RECORDS: forged_records(change)})
    assert RECORDS in problem
    assert "receipt" in problem


def test_another_reference_is_found() -> None:
    known = records.unpacked(FOLDER[RECORDS])
    forged = replace(known, first=known.first.replace(b"Anna", b"Otto")).packed()
    assert "reference" in problems({**FOLDER, RECORDS: forged})[0]


@pytest.mark.parametrize("what", ["asked_by", "approved_by", "status", "counts", "source", "limits"])
def test_a_receipt_that_was_written_anew_is_found_whoever_signed_it(what: str) -> None:
    envelope = dsse.opened(FOLDER[RECEIPT])
    body = {**json.loads(envelope.payload), what: "other"}
    payload = canonical.to_bytes(body)
    unsigned = replace(envelope, payload=payload).to_bytes()
    assert "signature" in problems({**FOLDER, RECEIPT: unsigned})[-1]
    mine = SigningKey()
    signed = mine.envelope(dsse.RECEIPT, payload)
    assert any("key" in each for each in problems({**FOLDER, RECEIPT: signed}))
    same_id = dsse.Envelope(payload, dsse.RECEIPT, FOLDER_KEY.keyid, mine.sign(payload)).to_bytes()
    assert any("signature" in each for each in problems({**FOLDER, RECEIPT: same_id}))


def test_a_head_that_passes_for_a_receipt_is_found() -> None:
    name = head.name(1)
    assert any("signed as" in each for each in problems({**FOLDER, RECEIPT: FOLDER[name]}))


def test_a_folder_without_its_head_or_with_something_else_is_found() -> None:
    assert "no head" in problems({k: v for k, v in FOLDER.items() if not k.startswith("heads/")})[0]
    assert "belongs to no receipt" in problems({**FOLDER, "records/del_9.jsonl.gz": b""})[0]
    assert "none in this folder" in problems({PUBLIC_KEY: FOLDER[PUBLIC_KEY]})[0]


def test_the_receipt_of_another_deletion_under_this_ones_name_is_found() -> None:
    other = RECEIPT.replace("01.json", "02.json")
    moved = {(other if name == RECEIPT else name): data for name, data in FOLDER.items()}
    assert any("another one's name" in each for each in problems(moved))


@pytest.mark.parametrize("odd", ["heads/x/000000000001.json", "heads/000000000001.json/000000000001.json"])
def test_a_second_head_of_the_same_number_is_found_wherever_it_lies(odd: str) -> None:
    maker = Maker()
    maker.head(maker.receipt(*deletion()))
    other = head.Head(1, "", "2025-11-24T16:00:00.000Z", "prod", {"receipts/del_other.json": "0" * 64})
    forked = {**maker.bucket.objects, odd: maker.signing.envelope(dsse.HEAD, other.payload())}
    assert any(odd in each for each in folder.check(forked, maker.signing.key)[0].problems)


@pytest.mark.parametrize("odd", ["{}.02.json", "{}.1.json", "x/{}.json", "{}", "{}.json.json"])
def test_a_receipt_lies_under_its_own_name_and_no_other(odd: str) -> None:
    maker = Maker()
    ended, chunks = deletion(1)
    name = f"receipts/{odd.format(ended.id)}"
    maker.bucket.objects[name] = maker.bucket.objects.pop(maker.receipt(ended, chunks))
    maker.head(name)
    for found in (folder.check(maker.bucket.objects, maker.signing.key)[0], chain_of_bucket(maker)):
        assert f"{name}: is the receipt of {ended.id}: it lies under another one's name" in found.problems


def chain_of_bucket(maker: Maker) -> Findings:
    return chain.check(maker.bucket, maker.signing.key, KEEP).found


def test_a_receipt_or_a_head_of_another_stage_is_found_though_its_signature_is_good() -> None:
    maker, bucket = chain_of(2)
    one = deletion(0)[0]
    name = f"receipts/{one.id}.json"
    body = {**json.loads(dsse.opened(bucket.objects[name]).payload), "stage": "dev"}
    foreign = maker.signing.envelope(dsse.RECEIPT, canonical.to_bytes(body))
    again = Maker(maker.signing, Bucket({**bucket.objects, name: foreign}))
    again.head(*(each for each in bucket.objects if each.startswith(("receipts/", "operators/"))))
    del again.bucket.objects[head.name(2)]
    (problem,) = chain_of_bucket(again).problems
    assert problem == f"{name}: is of stage dev, and the heads are of stage prod"
    held = {name, head.name(1), PUBLIC_KEY, folder.records_name(name)}
    files = {k: v for k, v in again.bucket.objects.items() if k in held}
    assert folder.check(files, maker.signing.key)[0].problems == [problem]
    second = head.read(dsse.opened(bucket.objects[head.name(2)]).payload)
    other = maker.signing.envelope(dsse.HEAD, replace(second, stage="dev").payload())
    found = chain_problems({**bucket.objects, head.name(2): other}, maker)
    assert found == [f"{head.name(2)}: is of stage dev, and the heads are of stage prod"]


def with_reference_line(first: bytes) -> dict[str, bytes]:
    """The folder with another first line of its records file, which no root covers."""
    return {**FOLDER, RECORDS: replace(records.unpacked(FOLDER[RECORDS]), first=first).packed()}


SALT, REFERENCE = json.loads(records.unpacked(FOLDER[RECORDS]).first).values()


@pytest.mark.parametrize(
    "first",
    [
        records.first_line(SALT + REFERENCE[:4], REFERENCE[4:]),
        records.first_line(SALT[:-1], SALT[-1] + REFERENCE),
        records.first_line("", SALT + REFERENCE),
        records.first_line(None, None).replace(b"}", b',"reason":"she asked"}'),
        records.first_line(SALT, REFERENCE).replace(b"}", b',"approved_by":"the head of sales"}'),
        records.first_line(SALT, REFERENCE) + b" ",
        records.first_line(None, REFERENCE),
        b"[" * 100_000,
        b"null",
    ],
    ids=lambda first: first[:60].decode(),
)
def test_a_first_line_that_says_anything_else_than_its_reference_is_found(first: bytes) -> None:
    assert "reference" in problems(with_reference_line(first))[0]


def test_a_first_line_whose_reference_was_forgotten_fits_and_says_so() -> None:
    found, _ = folder.check(with_reference_line(records.first_line(None, None)), FOLDER_KEY)
    assert (found.problems, found.notes) == ([], [f"{RECORDS}: its reference was forgotten"])


def test_whatever_is_nested_too_deep_does_not_fit_and_breaks_nothing() -> None:
    deep = b'{"a":' * 100_000
    assert problems({**FOLDER, RECEIPT: deep})
    assert problems({**FOLDER, head.name(1): deep})
    assert chain_problems({**CHAIN.objects, "operators/op_" + "7" * 26 + ".json": deep})


def test_no_end_of_a_deletion_can_be_left_out_of_its_folder() -> None:
    maker = Maker()
    ended, chunks = deletion(1)
    first = maker.receipt(ended, chunks)
    maker.head(first, maker.receipt(ended, chunks, 2))
    objects = maker.bucket.objects
    assert not folder.check(objects, maker.signing.key)[0].problems
    for gone in (1, 2):
        name = f"receipts/{ended.id}{'' if gone == 1 else '.2'}.json"
        left = {k: v for k, v in objects.items() if k not in (name, folder.records_name(name))}
        assert any(
            name in each and "more than once" in each
            for each in folder.check(left, maker.signing.key)[0].problems
        )
    far = {**objects, f"receipts/{ended.id}.999999999.json": objects[first]}
    assert folder.check(far, maker.signing.key)[0].problems


# --- the chain -----------------------------------------------------------------------------------


def test_a_whole_chain_fits_and_its_end_is_told() -> None:
    checked = chain.check(CHAIN, MAKER.signing.key, KEEP)
    assert (checked.found.problems, checked.found.notes) == ([], [])
    assert checked.last == MAKER.last
    assert checked.objects == 2 + 3 * 2 + 2 * 2


@pytest.mark.parametrize("name", [name for name in CHAIN.objects if name != PUBLIC_KEY])
def test_whatever_is_missing_from_a_chain_is_found(name: str) -> None:
    left = {k: v for k, v in CHAIN.objects.items() if k != name}
    if name == head.name(2):  # the end cut off: only what it named shows, as in no head
        assert all("no head" not in each for each in chain_problems(left))
        assert chain.check(Bucket(left), MAKER.signing.key, KEEP).last != MAKER.last
        return
    assert any(name in each for each in chain_problems(left))


@settings(max_examples=200)
@given(st.data())
def test_any_byte_of_a_chain_that_is_changed_is_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in CHAIN.objects if name != PUBLIC_KEY]))
    before = CHAIN.objects[name]
    at = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != before[at]))
    changed = before[:at] + bytes([byte]) + before[at + 1 :]
    if name.startswith("records/") and _says(changed) == _says(before):
        return
    assert chain_problems({**CHAIN.objects, name: changed}), (name, at, byte)


def test_swapped_heads_are_found() -> None:
    one, two = head.name(1), head.name(2)
    swapped = {**CHAIN.objects, one: CHAIN.objects[two], two: CHAIN.objects[one]}
    found = chain_problems(swapped)
    assert any(one in each for each in found)
    assert any(two in each for each in found)


def test_a_head_that_its_own_key_signed_anew_breaks_the_one_after() -> None:
    maker, bucket = chain_of(3)
    old = head.read(dsse.opened(bucket.objects[head.name(2)]).payload)
    less = replace(old, entries=dict(list(old.entries.items())[1:]))
    forged = maker.signing.envelope(dsse.HEAD, less.payload())
    found = chain_problems({**bucket.objects, head.name(2): forged}, maker)
    assert any(head.name(3) in each and "does not follow" in each for each in found)


def test_an_object_that_two_heads_name_is_found() -> None:
    maker, bucket = chain_of(1)
    maker.head("receipts/del_" + "0" * 26 + ".json", at=NOW + 120)
    assert any("names already" in each for each in chain_problems(bucket.objects, maker))


def test_an_old_receipt_in_no_head_is_found_and_a_fresh_one_waits() -> None:
    maker, bucket = chain_of(1)
    maker.receipt(*deletion(7))
    checked = chain.check(bucket, maker.signing.key, KEEP)
    assert not checked.found.problems
    assert "waits for its head" in checked.found.notes[0]
    maker.head(maker.receipt(*deletion(8)), at=NOW + 7200)
    assert any("stands in no head" in each for each in chain_problems(bucket.objects, maker))


def test_an_object_that_no_head_names_waits_for_minutes_only_whatever_it_says_of_its_time() -> None:
    maker, bucket = chain_of(1)
    name = maker.receipt(*deletion(7))
    for minutes, problem in ((1, False), (11, True)):
        bucket.ages[name] = timedelta(minutes=minutes)
        assert any("stands in no head" in each for each in chain_problems_of(bucket, maker)) == problem
    bucket.ages.clear()
    forged = operators.Entry(
        "op_" + "7" * 26, NOW + 9e6, "arn:aws:iam::1:user/a", operators.What.DELETION_FORGOTTEN, "*", seed="1"
    )
    maker.entry(forged)
    assert [each for each in chain_problems_of(bucket, maker) if name in each]


def chain_problems_of(bucket: Bucket, maker: Maker) -> list[str]:
    return chain.check(bucket, maker.signing.key, KEEP).found.problems


def test_a_copy_whose_end_was_cut_off_shows_what_its_heads_have_named_for_minutes() -> None:
    maker, bucket = chain_of(2)
    late = maker.receipt(*deletion(8000))
    maker.head(late, at=NOW + 8_100)
    del bucket.objects[head.name(2)]
    del bucket.objects[head.name(3)]
    found = chain_problems_of(bucket, maker)
    assert [each for each in found if "stands in no head" in each]


def test_a_head_with_a_number_far_off_is_counted_and_not_walked_to() -> None:
    maker, bucket = chain_of(2)
    bucket.objects[head.name(10**11)] = bucket.objects[head.name(2)]
    found = chain_problems_of(bucket, maker)
    assert len(found) < 30
    assert "heads/: 99999999977 more are missing" in found
    assert sum("is missing" in each for each in found) == 20


@pytest.mark.parametrize("name", ["records/del_" + "9" * 26 + ".jsonl.gz", "records/odd", "records/x/y.gz"])
def test_records_of_no_receipt_are_found_but_where_they_were_written_just_now(name: str) -> None:
    maker, bucket = chain_of(1)
    bucket.objects[name] = bucket.objects[f"records/{deletion(0)[0].id}.jsonl.gz"]
    (problem,) = chain_problems_of(bucket, maker)
    assert problem.startswith(f"{name}: belongs to no receipt")
    assert "make it again" in problem, "nobody knows how old a file of a copy is"
    bucket.ages[name] = timedelta(minutes=11)
    assert chain_problems_of(bucket, maker) == [f"{name}: belongs to no receipt"]
    bucket.ages[name] = timedelta(seconds=30)
    checked = chain.check(bucket, maker.signing.key, KEEP)
    assert (checked.found.problems, checked.found.notes) == ([], [f"{name}: waits for its receipt"])


@pytest.mark.parametrize(("minutes", "fits"), [(-300, False), (-9, True), (5, True)])
def test_a_copy_that_was_made_between_a_records_file_and_its_receipt_says_so(
    minutes: int, fits: bool
) -> None:
    maker, bucket = chain_of(1)
    one = ids.deletion_id(NOW + 60 + 60 * minutes, b"0123456789")
    name = f"records/{one}.jsonl.gz"
    bucket.objects[name] = bucket.objects[f"records/{deletion(0)[0].id}.jsonl.gz"]
    found = chain.check(bucket, maker.signing.key, KEEP).found
    (line,) = (*found.problems, *found.notes)
    assert (found.problems == [], name in line, "again" in line) == (fits, True, True)


def test_records_under_the_name_of_another_deletion_are_found() -> None:
    one, other = (f"records/{deletion(n)[0].id}.jsonl.gz" for n in (0, 1))
    swapped = {**CHAIN.objects, one: CHAIN.objects[other], other: CHAIN.objects[one]}
    assert {each.partition(":")[0] for each in chain_problems(swapped)} == {one, other}


def test_swapped_signatures_are_found() -> None:
    one, other = (f"receipts/{deletion(n)[0].id}.json" for n in (0, 1))
    first, second = (dsse.opened(CHAIN.objects[name]) for name in (one, other))
    swapped = {
        one: replace(first, signature=second.signature).to_bytes(),
        other: replace(second, signature=first.signature).to_bytes(),
    }
    found = chain_problems({**CHAIN.objects, **swapped})
    assert all(any(name in each for each in found) for name in (one, other))


def test_a_forgotten_deletion_still_verifies_and_a_removed_file_does_not() -> None:
    maker, bucket = chain_of(1)
    ended, _ = deletion(0)
    name = f"records/{ended.id}.jsonl.gz"
    del bucket.objects[name]
    assert any("no operators' entry" in each for each in chain_problems(bucket.objects, maker))
    forgotten = operators.Entry(
        "op_" + "7" * 26, NOW, "arn:aws:iam::1:user/a", operators.What.DELETION_FORGOTTEN, ended.id, seed="1"
    )
    maker.head(maker.entry(forgotten), at=NOW + 120)
    checked = chain.check(bucket, maker.signing.key, KEEP)
    assert not checked.found.problems
    assert name in checked.found.notes[0]


def test_an_empty_head_is_found() -> None:
    maker, bucket = chain_of(1)
    maker.head(at=NOW + 120)
    assert any("names nothing" in each for each in chain_problems(bucket.objects, maker))


@given(st.binary(max_size=60))
def test_nothing_that_a_file_holds_breaks_the_checks(data: bytes) -> None:
    for name in (RECEIPT, RECORDS, head.name(1)):
        if data != FOLDER[name]:
            assert problems({**FOLDER, name: data})
    encoded = dsse.Envelope(data, dsse.RECEIPT, "k", base64.b64encode(data)).to_bytes()
    assert problems({**FOLDER, RECEIPT: encoded})
