"""The documents lead somewhere: every link and anchor, every `expunge` and `make` command in them exists."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from cli.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = {".venv", ".venvs", ".build", ".local", "node_modules"}
DOCUMENTS = sorted(
    file.relative_to(ROOT)
    for file in ROOT.rglob("*.md")
    if not HIDDEN & set(file.relative_to(ROOT).parts) and not str(file.relative_to(ROOT)).startswith(".local")
)
#: Code whose words send people to commands.
TELLING = sorted(
    file.relative_to(ROOT) for folder in ("cli", "local") for file in (ROOT / folder).rglob("*.py")
)
_FENCE = re.compile(r"^(```|~~~)[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?:(?: {4}|\t)[^\n]*\n)+")
_INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\]]*\]|!\[[^\]]*\]\([^)]*\))*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)"
)
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_TARGET = re.compile(r"^([a-zA-Z][\w-]*)\s*:(?!=)", re.MULTILINE)
_ENVIRONMENT = re.compile(r"[A-Z_][A-Z0-9_]*=\S*")


@cache
def text_of(document: Path) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """The text without code."""
    return _INLINE.sub("", _FENCE.sub("", text_of(document)))


def links(document: Path) -> list[str]:
    found = _LINK.findall(prose(document))
    inner = [each for each in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", prose(document)) if each not in found]
    return [each for each in [*found, *inner] if not re.match(r"[a-z][a-z0-9+.-]*:", each)]


@cache
def anchors(document: Path) -> set[str]:
    """The anchors of the headings, as the usual renderers make them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text_of(document))):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = next(n for n in range(100) if (f"{slug}-{n}" if n else slug) not in found)
        found.add(f"{slug}-{number}" if number else slug)
    return found


def commands(document: Path) -> Iterator[list[str]]:
    """Every command in the code of the document, as words."""
    text = text_of(document)
    pieces = [block for _, block in _FENCE.findall(text)]
    rest = _FENCE.sub("", text)
    pieces += _INDENTED.findall(rest)
    lines = [line for piece in pieces for line in piece.replace("\\\n", " ").splitlines()]
    lines += [code.replace("\n", " ") for _, code in _INLINE.findall(rest)]
    for line in lines:
        for part in re.split(r"\s*(?:\|\|?|&&|;)\s+", line.strip().removeprefix("$ ")):
            words = split(part)
            while words and _ENVIRONMENT.fullmatch(words[0]):
                words = words[1:]
            if words and words[0].rpartition("/")[2] in ("expunge", "make"):
                yield [words[0].rpartition("/")[2], *words[1:]]


def split(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # an apostrophe in words that are no command
        return line.split()


def targets() -> set[str]:
    return set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def wrong_with_make(words: list[str]) -> str:
    named = [word for word in words if not word.startswith("-") and "=" not in word]
    for word in named:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        if word not in targets():
            return f"make has no target {word}"
    return ""


def wrong_with_expunge(words: list[str]) -> str:
    """What of the command does not exist: a command, or one of its options."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z-]*[a-z]", words[0]):
        if words[0].startswith("-"):
            break
        if words[0] not in command.commands:
            return f"{command.name} has no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice):
            for option, value in pairwise(words):
                if option in parameter.opts and value not in [*parameter.type.choices, "..."]:
                    return f"{command.name} {option} takes {', '.join(parameter.type.choices)}"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    plain = [word.strip("[]") for word in words]  # [--option] may be left out
    given = {word.partition("=")[0] for word in plain if re.match(r"--?[a-z]", word)}
    return f"{command.name} has no option {', '.join(sorted(given - known))}" if given - known else ""


def test_every_parameter_of_the_template_is_described_where_one_deploys() -> None:
    template = json.loads((ROOT / "infra/resources.json").read_text(encoding="utf-8"))
    page = text_of(Path("docs/DEPLOYING.md"))
    given = [name for name in template["Parameters"] if name != "Stage"]
    assert [name for name in given if not re.search(rf"\b{name}\b", page)] == []


def test_a_deployer_gets_all_that_is_made_for_it() -> None:
    page = text_of(Path("docs/DEPLOYING.md"))
    made = set(re.findall(r"create-policy --policy-name (\S*deployer\S*)", page))
    assert set(re.findall(r"attach-role-policy .*policy/(\S+)", page)) == made
    assert len(made) == 3


def test_there_are_documents() -> None:
    assert {Path("README.md"), Path("CONTRIBUTING.md"), Path("docs/SETUP.md")} <= set(DOCUMENTS)
    assert sum(1 for document in DOCUMENTS for _ in commands(document)) > 50


def test_the_readme_is_short_and_the_index_names_every_page() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
    named = set(re.findall(r"\]\(([A-Za-z_-]+\.md)\)", (ROOT / "docs/README.md").read_text(encoding="utf-8")))
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert named == pages, f"docs/README.md: {named ^ pages}"


def test_each_page_says_first_of_what_kind_it_is_and_for_whom_as_the_index_does() -> None:
    index = text_of(Path("docs/README.md"))
    said, told = {}, {}
    for part in index.split("\n## ")[1:]:
        kind = part.partition(":")[0]
        for link, whom in re.findall(r"^\| \[[^\]]*\]\(([^)#]+)[^)]*\) \| ([^|]+) \|", part, re.MULTILINE):
            page = (ROOT / "docs" / link).resolve()
            told[link] = f"*{kind} for {whom}.*"
            said[link] = page.read_text(encoding="utf-8").splitlines()[2]
    assert {each.partition(" ")[0] for each in told.values()} == {
        "*Tutorial",
        "*How-to",
        "*Reference",
        "*Explanation",
    }
    told.pop("../README.md"), said.pop("../README.md")  # it is the start, and says so at length
    assert len(told) > 25
    assert said == told


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    lost = []
    for link in links(document):
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path) if path else document
        place = (ROOT / target).resolve()
        if not place.exists() or ROOT not in [place, *place.parents]:
            lost.append(link)
        elif anchor and place.suffix == ".md" and anchor not in anchors(place.relative_to(ROOT)):
            lost.append(f"{link} (no such heading)")
    assert not lost


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_commands_exist(document: Path) -> None:
    wrong = []
    for name, *words in commands(document):
        problem = wrong_with_make(words) if name == "make" else wrong_with_expunge(words)
        if problem:
            wrong.append(f"{name} {' '.join(words)}: {problem}")
    assert not wrong


@pytest.mark.parametrize("file", TELLING, ids=str)
def test_commands_that_messages_name_exist(file: Path) -> None:
    text = re.sub(r"\"\s*\n\s*f?\"", "", text_of(file))
    groups = {name for name, each in main.commands.items() if isinstance(each, click.Group)}
    for first, second in re.findall(r"\bexpunge ([a-z]+(?:-[a-z]+)*)\b(?: ([a-z]+(?:-[a-z]+)?)\b)?", text):
        assert first in main.commands, f"expunge {first}"
        if first in groups and second:
            group = main.commands[first]
            assert isinstance(group, click.Group)
            assert second in group.commands, f"expunge {first} {second}"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (["doctor", "--json"], ""),
        (["keys", "new", "erp", "--module", "Leads"], ""),
        (["keys", "make"], "keys has no command make"),
        (["heal"], "expunge has no command heal"),
        (["doctor", "--fix"], "doctor has no option --fix"),
        (["keys", "new", "erp", "--operation", "delete_records"], ""),
        (["keys", "new", "erp", "--profile", "none"], "new --profile takes standard-webhooks, token"),
    ],
)
def test_a_command_that_does_not_exist_is_found(text: list[str], wrong: str) -> None:
    assert wrong_with_expunge(text) == wrong
    assert wrong_with_make(["fly"]) == "make has no target fly"
