"""`expunge receipt` and `expunge audit`, on a bucket in memory and on folders."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib.domain.evidence.checking import PUBLIC_KEY
from cli.__main__ import main
from cli.evidence.gathering import Waits, gathered
from cli.evidence.keys import NoKey, load
from cli.evidence.receipts import _write
from cli.evidence.stores import Unreachable
from tests.evidence.made import NOW, Maker, chain_of, deletion


class Store:
    """A bucket as the commands read it: each object was written a minute after the one before."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.at = {
            name: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=n) for n, name in enumerate(objects)
        }
        self.reads = 0

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(sorted(name for name in self.objects if name.startswith(prefix) and name > after))

    def read(self, name: str) -> bytes | None:
        self.reads += 1
        return self.objects.get(name)

    def written(self, name: str) -> datetime | None:
        return self.at.get(name)


def write(folder: Path, objects: dict[str, bytes]) -> Path:
    for name, data in objects.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(words))
    return done.exit_code, done.output


def test_a_receipt_is_gathered_with_its_records_its_head_and_the_key() -> None:
    maker, _ = chain_of(9)
    wanted, _ = deletion(7)
    found = gathered(Store(maker.bucket.objects), wanted.id)  # type: ignore[arg-type]  # a bucket as far as it is read
    assert set(found) == {
        f"receipts/{wanted.id}.json",
        f"records/{wanted.id}.jsonl.gz",
        "heads/000000000004.json",
        PUBLIC_KEY,
    }
    assert all(found[name] == maker.bucket.objects[name] for name in found)
    assert gathered(Store(maker.bucket.objects), "del_" + "9" * 26) == {}  # type: ignore[arg-type]  # a bucket as far as it is read


class Aged(Store):
    """`minutes`: how long ago everything was written."""

    def __init__(self, objects: dict[str, bytes], minutes: int) -> None:
        super().__init__(objects)
        self.minutes = minutes

    def age(self, name: str) -> timedelta | None:
        return timedelta(minutes=self.minutes) if name in self.objects else None


def test_a_receipt_whose_head_is_not_there_yet_is_not_handed_out() -> None:
    maker, _ = chain_of(2)
    late, chunks = deletion(7)
    name = maker.receipt(late, chunks)
    with pytest.raises(Waits, match=name):
        gathered(Aged(maker.bucket.objects, 1), late.id)  # type: ignore[arg-type]  # a bucket as far as it is read
    found = gathered(Aged(maker.bucket.objects, 11), late.id)  # type: ignore[arg-type]  # a bucket as far as it is read
    assert name in found, "a head that never came is told"
    maker.head(name, at=NOW + 300)
    found = gathered(Aged(maker.bucket.objects, 1), late.id)  # type: ignore[arg-type]  # a bucket as far as it is read
    assert "heads/000000000003.json" in found


@pytest.mark.parametrize(
    "odd", ["{}./../../../evil.json", "{}.json/../../evil", "{}.2.json.bak", "{}.02.json"]
)
def test_only_names_of_receipts_are_gathered_so_that_nothing_is_written_elsewhere(odd: str) -> None:
    maker, _ = chain_of(1)
    one = deletion(0)[0].id
    before = set(gathered(Store(maker.bucket.objects), one))  # type: ignore[arg-type]  # a bucket as far as it is read
    planted = {**maker.bucket.objects, f"receipts/{odd.format(one)}": b"{}"}
    assert set(gathered(Store(planted), one)) == before  # type: ignore[arg-type]  # a bucket as far as it is read


def test_what_restored_or_ended_it_for_good_comes_along() -> None:
    maker = Maker()
    child, chunks = deletion(5)
    parent, parents = deletion(4)
    maker.head(maker.receipt(child, chunks))
    name = maker.receipt(parent, parents)
    from chalicelib.domain.evidence import canonical, dsse

    body = json.loads(dsse.opened(maker.bucket.objects[name]).payload)
    body["recycle_bin"] = {"deletions": [{"id": child.id}, {"id": "../odd"}]}
    maker.bucket.objects[name] = maker.signing.envelope(dsse.RECEIPT, canonical.to_bytes(body))
    maker.head(name)
    found = gathered(Store(maker.bucket.objects), parent.id)  # type: ignore[arg-type]  # a bucket as far as it is read
    assert {f"receipts/{child.id}.json", "heads/000000000001.json", "heads/000000000002.json"} <= set(found)


def test_a_receipts_files_are_their_owners_from_their_first_byte_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "out" / "records" / "old.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"before")
    old.chmod(0o666)
    seen: list[int] = []
    real = os.fdopen

    def noting(handle: int, *how: Any) -> Any:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return real(handle, *how)

    monkeypatch.setattr(os, "fdopen", noting)
    _write(tmp_path / "out", {"receipts/new.json": b"1", "records/old.gz": b"2"})
    assert seen[0] == 0o600
    files = [tmp_path / "out" / name for name in ("receipts/new.json", "records/old.gz")]
    assert [(each.read_bytes(), stat.S_IMODE(each.stat().st_mode)) for each in files] == [
        (b"1", 0o600),
        (b"2", 0o600),
    ]


def test_a_folder_that_was_written_by_half_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "heads").write_text("a file in the place of a folder")
    with pytest.raises(Unreachable, match="may hold a part of the files"):
        _write(tmp_path, {"receipts/new.json": b"1", "heads/1.json": b"2"})


def test_a_folder_that_fits_ends_with_0_and_one_that_does_not_with_1(tmp_path: Path) -> None:
    maker = Maker()
    maker.head(maker.receipt(*deletion(1)))
    write(tmp_path, maker.bucket.objects)
    code, shown = run("receipt", "verify", str(tmp_path))
    assert (code, "all of it fits" in shown) == (0, True)
    assert maker.signing.key.keyid in shown
    code, shown = run("receipt", "verify", str(tmp_path), "--json")
    assert (code, json.loads(shown)["fits"]) == (0, True)
    (tmp_path / f"records/{deletion(1)[0].id}.jsonl.gz").write_bytes(b"\x1f\x8b")
    code, shown = run("receipt", "verify", str(tmp_path))
    assert (code, "does not fit" in shown, "all of it fits" in shown) == (1, True, False)
    (tmp_path / PUBLIC_KEY).unlink()
    assert run("receipt", "verify", str(tmp_path))[0] == 1


def test_a_folder_without_the_key_is_told_which_folder_is_meant(tmp_path: Path) -> None:
    code, shown = run("receipt", "verify", str(tmp_path))
    assert code == 1
    assert "public-key.pem is not here: give the folder that expunge receipt --output wrote" in shown


def test_what_cannot_be_looked_at_ends_with_8(tmp_path: Path) -> None:
    assert run("receipt", "verify", str(tmp_path / "nowhere"))[0] == 8
    assert run("audit", "verify", "--from", str(tmp_path / "nowhere"))[0] == 8
    assert run("audit", "verify", "--from", str(tmp_path))[0] == 8


@pytest.mark.parametrize(
    "words", [("verify",), ("verify", "a", "b"), ("verify", "a", "--output", "b"), ("x", "y")]
)
def test_words_that_make_no_sense_are_not_understood(words: tuple[str, ...]) -> None:
    assert run("receipt", *words)[0] == 2


def test_a_copy_of_the_bucket_is_checked_and_its_end_told(tmp_path: Path) -> None:
    maker, bucket = chain_of(3)
    write(tmp_path, bucket.objects)
    code, shown = run("audit", "verify", "--from", str(tmp_path), "--json")
    told = json.loads(shown)
    assert (code, told["fits"], told["last_head"]) == (0, True, 3)
    assert told["key_fingerprint"] == maker.signing.key.keyid
    (tmp_path / "heads/000000000002.json").unlink()
    code, shown = run("audit", "verify", "--from", str(tmp_path))
    assert (code, "heads/000000000002.json: is missing" in shown) == (1, True)


def test_a_key_that_is_none_of_ours_is_refused() -> None:
    maker = Maker()
    assert load(maker.signing.pem).keyid == maker.signing.key.keyid
    for pem in (b"", b"x", maker.signing.pem + b"\n", maker.signing.pem.replace(b"\n", b"\r\n")):
        with pytest.raises(NoKey):
            load(pem)


def test_a_key_that_fits_fits_only_its_own_words() -> None:
    maker = Maker()
    key = load(maker.signing.pem)
    signature = maker.signing.sign(b"words")
    assert key.fits(signature, b"words")
    assert not key.fits(signature, b"other words")
    assert not key.fits(b"", b"words")


def test_times_of_a_receipt_are_those_of_its_deletion() -> None:
    ended, chunks = deletion(1)
    later = replace(ended, finished_at=NOW + 99)
    maker = Maker()
    assert maker.receipt(ended, chunks) == maker.receipt(later, chunks)


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("words", [("audit", "verify", "--from"), ("receipt", "verify")], ids=" ".join)
def test_the_exit_code_is_that_of_the_check_though_nobody_reads_or_the_disk_is_full(
    tmp_path: Path, words: tuple[str, ...], *, fits: bool
) -> None:
    """1 would say that something does not fit."""
    maker = Maker()
    maker.head(maker.receipt(*deletion(1)))
    write(tmp_path, maker.bucket.objects)
    if not fits:
        (tmp_path / f"receipts/{deletion(1)[0].id}.json").write_bytes(b"{}")
    program = [sys.executable, "-m", "cli", *words, str(tmp_path)]
    read, closed = os.pipe()
    os.close(read)
    unread = subprocess.run(program, stdout=closed, stderr=subprocess.PIPE, check=False, text=True)
    os.close(closed)
    assert (unread.returncode, unread.stderr) == (0 if fits else 1, "")
    with Path("/dev/full").open("wb") as full:
        lost = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert lost.returncode == 8
    assert lost.stderr == "Error: what was found cannot be written: No space left on device\n"
