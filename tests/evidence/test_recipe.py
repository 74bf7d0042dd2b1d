"""The recipe of docs/EVIDENCE.md, run as it is printed, on folders as `expunge receipt` writes them."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.domain.evidence import dsse, receipt
from chalicelib.domain.request import Operation
from chalicelib.domain.status import Status
from local.settings import ROOT
from tests.evidence.made import NOW, STAGE, Maker, deletion


def recipe() -> str:
    text = (ROOT / "docs/EVIDENCE.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- recipe -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def run(folder: Path, objects: dict[str, bytes]) -> subprocess.CompletedProcess[str]:
    for name, data in objects.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return subprocess.run(
        ["sh", "-eu", "-c", recipe()], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("records", [0, 1, 2, 3, 7, 13])
def test_the_recipe_ends_well_for_any_number_of_records(tmp_path: Path, records: int) -> None:
    maker = Maker()
    maker.head(maker.receipt(*deletion(1, "d" * records, id_count=records)))
    done = run(tmp_path, maker.bucket.objects)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("all of it fits\n")
    assert maker.signing.key.keyid in done.stdout


@pytest.mark.parametrize("operation", list(Operation))
def test_the_recipe_ends_well_for_every_operation(tmp_path: Path, operation: Operation) -> None:
    ended, chunks = deletion(1, "dfa", reference=r"Anna\n & ümlaut 'x' \"")
    ended = replace(ended, request=replace(ended.request, operation=operation), frozen=True)
    maker = Maker()
    maker.head(maker.receipt(ended, chunks))
    done = run(tmp_path, maker.bucket.objects)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_recipe_takes_several_ends_and_records_that_nobody_knows(tmp_path: Path) -> None:
    maker = Maker()
    ended, chunks = deletion(1, "du", status=Status.NEEDS_ATTENTION)
    first = maker.receipt(ended, chunks)
    maker.head(first)
    resolved = replace(ended, status=Status.COMPLETED, finished_at=NOW + 90)
    second = maker.receipt(resolved, chunks, 2)
    view = replace(deletion(2, "")[0], id_count=0)
    body = receipt.payload(view, receipt.Facts(STAGE, None))
    unknown = receipt.name(view.id, 1)
    maker.bucket.objects[unknown] = maker.signing.envelope(dsse.RECEIPT, body)
    maker.head(second, unknown)
    done = run(tmp_path, maker.bucket.objects)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "its records are not here" in done.stdout


def test_the_recipe_takes_records_whose_reference_was_forgotten_and_says_so(tmp_path: Path) -> None:
    from chalicelib.domain.evidence import records

    maker = Maker()
    maker.head(maker.receipt(*deletion(1)))
    (file,) = [name for name in maker.bucket.objects if name.startswith("records/")]
    known = records.unpacked(maker.bucket.objects[file])
    maker.bucket.objects[file] = records.without_reference(known).packed()
    done = run(tmp_path, maker.bucket.objects)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "its reference is not here" in done.stdout
    assert "2 deleted, 1 failed" in done.stdout


def _changed(objects: dict[str, bytes], prefix: str, old: bytes, new: bytes) -> None:
    (name,) = [each for each in objects if each.startswith(prefix)]
    assert old in objects[name]
    objects[name] = objects[name].replace(old, new, 1)


SHIFTED = ("salt too long", "salt too short", "no salt", "more in the first line")


@pytest.mark.parametrize(
    "what", ["receipt", "head", "records", "reference", *SHIFTED, "no head", "other key"]
)
def test_the_recipe_stops_at_whatever_does_not_fit(tmp_path: Path, what: str) -> None:
    from chalicelib.domain.evidence import records

    maker = Maker()
    maker.head(maker.receipt(*deletion(1)))
    objects = maker.bucket.objects
    (file,) = [name for name in objects if name.startswith("records/")]
    known = records.unpacked(objects[file])
    if what == "receipt":
        _changed(objects, "receipts/", b'"payload":"eyJ', b'"payload":"eyK')
    elif what == "head":
        _changed(objects, "heads/", b'"payload":"eyJ', b'"payload":"eyK')
    elif what == "records":
        forged = known.lines[0].replace(b'"deleted"', b'"held"')
        objects[file] = replace(known, lines=(forged, *known.lines[1:])).packed()
    elif what == "reference":
        objects[file] = replace(known, first=known.first.replace(b"Anna", b"Otto")).packed()
    elif what in SHIFTED:
        salt, reference = json.loads(known.first).values()
        first = {
            "salt too long": records.first_line(salt + reference[:4], reference[4:]),
            "salt too short": records.first_line(salt[:-1], salt[-1] + reference),
            "no salt": records.first_line(None, salt + reference),
            "more in the first line": known.first.replace(b"}", b',"approved_by":"eve"}'),
        }[what]
        objects[file] = replace(known, first=first).packed()
    elif what == "no head":
        del objects["heads/000000000001.json"]
        maker.last = None
        maker.head(maker.receipt(*deletion(2)))
        del objects[f"receipts/{deletion(2)[0].id}.json"]
    else:
        objects["public-key.pem"] = Maker().signing.pem
    done = run(tmp_path, objects)
    assert done.returncode != 0
    assert "all of it fits" not in done.stdout
