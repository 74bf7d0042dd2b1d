"""The pages of the kits: they name every file instead of repeating it, and their examples are good."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from chalicelib.web import request_body
from local.settings import ROOT

KITS = ("zoho", "examples/consumers", "examples/callers")
PAGES = [ROOT / kit / "README.md" for kit in KITS]
NOT_TO_COPY = {"README.md", "package.json", "package-lock.json"}


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kit", KITS)
def test_every_file_is_linked_and_none_is_copied_into_the_page(kit: str) -> None:
    page = ROOT / kit / "README.md"
    text = page.read_text(encoding="utf-8")
    files = {each.name for each in (ROOT / kit).iterdir() if each.is_file()} - NOT_TO_COPY
    assert files <= set(links(page))
    for name in files:
        lines = {line.strip() for line in (ROOT / kit / name).read_text(encoding="utf-8").splitlines()}
        shown = {
            line.strip()
            for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
            for line in block.splitlines()
        }
        assert not {line for line in lines & shown if len(line) > 40 and not line.startswith("#")}, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_commands_name_files_and_parameters_that_there_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"(?:--template-file|python|node|sh) ([a-z_]+\.[a-z]+)", text):
        assert (page.parent / name).exists(), name
    for block in re.findall(r"aws cloudformation deploy(.*?)\n(?!  )", text, re.DOTALL):
        words = shlex.split(block.replace("\\\n", " "))
        template = (page.parent / words[words.index("--template-file") + 1]).read_text(encoding="utf-8")
        given = words[words.index("--parameter-overrides") + 1 :]
        needed = re.findall(
            r"^  (\w+):\n    Type: (?:String|Number)\n(?!    Default)", template, re.MULTILINE
        )
        assert {each.partition("=")[0] for each in given} == set(needed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_bodies_are_requests(page: Path) -> None:
    for body in re.findall(r"'(\{\"operation\".*?\})'", page.read_text(encoding="utf-8")):
        request_body.request_from_json(body.encode(), "default", 5000)
        assert json.loads(body)["dry_run"] is True  # what people paste first deletes nothing
