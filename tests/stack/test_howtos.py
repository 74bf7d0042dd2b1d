"""The how-to pages work as printed, on one stack with the example company: nobody has to guess."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local import stack as local_stack
from local.running import RunningStack
from local.settings import ROOT, Settings
from tests.stack import howto, quick
from tests.stack.conftest import wait_for
from tests.stack.howto import Block, Reader

pytestmark = pytest.mark.stack

SCOPES = ["ZohoCRM.modules.ALL", "ZohoCRM.settings.ALL", "ZohoCRM.org.READ", "ZohoCRM.users.READ",
          "ZohoCRM.mass_delete.ALL", "ZohoSearch.securesearch.READ", "ZohoCRM.coql.READ"]  # fmt: skip
PAGES = ("docs/HOWTO.md", "docs/ERASURE.md")
#: In the order of the pages: a part may go on from what one before it left.
PARTS = [(page, part) for page in PAGES for part in howto.parts(ROOT / page)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("howtos")


@pytest.fixture(scope="module")
def own(directory: Path) -> Iterator[RunningStack]:
    settings = Settings(directory / "local", company=True)
    try:
        yield RunningStack(local_stack.up(settings))
    finally:
        local_stack.down(settings)


@pytest.fixture(scope="module")
def reader(own: RunningStack, directory: Path) -> Iterator[Reader]:
    folder = directory / "try"
    folder.mkdir()
    with quick.command(directory / "bin") as programs:
        yield Reader(folder, directory / "local", programs)


@pytest.mark.parametrize(("page", "part"), PARTS, ids=[f"{page}: {part}" for page, part in PARTS])
def test_each_part_works_as_printed(own: RunningStack, reader: Reader, page: str, part: str) -> None:
    known: dict[str, str] = {}
    shown = ""
    for block in howto.parts(ROOT / page)[part]:
        if block.kind == "text":
            assert howto.shows(block.text, shown, known) == [], shown
        elif block.runs:
            shown = reader.run(_told(own, block, known), known)


def _told(own: RunningStack, block: Block, known: dict[str, str]) -> Block:
    """The block once what its note says has happened."""
    if "evidence" in block.note:
        deletion = known[howto.PRINTED]
        receipt = {"Bucket": own["evidence_bucket"], "Key": f"receipts/{deletion}.json"}

        def written() -> bool:
            own.wake("poll")
            own.wake("evidence")
            found = own.client("s3").list_objects_v2(Bucket=receipt["Bucket"], Prefix=receipt["Key"])
            return bool(found["KeyCount"])

        wait_for(written, every=1, what="receipt")
        own.wake("evidence")
    if "grant" in block.note:
        answer = requests.post(f"{own['zoho_url']}/_sim/grants", json={"scopes": SCOPES}, timeout=300)
        return Block(block.kind, block.text.replace("1000.5b1c", answer.json()["code"]), block.note)
    return block


def test_every_task_of_the_list_is_a_part_of_a_page_that_is_run() -> None:
    index = (ROOT / "docs/HOWTO.md").read_text(encoding="utf-8").partition("## ")[0]
    rows = re.findall(r"^\| ([a-z][^|]*) \| \[(?:below|[A-Z]+\.md)\]\(([^)]+)\)", index, re.MULTILINE)
    assert len(rows) >= 12
    own = {
        re.sub(r"[^a-z0-9 ]", "", part.lower()).replace(" ", "-") for page, part in PARTS if "HOWTO" in page
    }
    here = {link.removeprefix("#") for _, link in rows if link.startswith("#")}
    assert here == own
    # test_deploying.py runs these.
    assert {link.partition("#")[0] for _, link in rows if not link.startswith("#")} == {"DEPLOYING.md"}


@pytest.mark.parametrize(("page", "part"), PARTS, ids=[f"{page}: {part}" for page, part in PARTS])
def test_no_block_of_commands_is_left_out_without_a_word(page: str, part: str) -> None:
    blocks = howto.parts(ROOT / page)[part]
    assert any(block.runs for block in blocks)
    assert blocks[0].kind == "sh"
