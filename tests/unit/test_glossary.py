"""docs/GLOSSARY.md: every word of ours that users meet is defined, and every word there is one they meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chalicelib.web import page_words
from cli.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
DEFINED = dict(re.findall(r"^### (.+)\n\n((?:.+\n)+)", GLOSSARY, re.MULTILINE))
#: Our own words, with the forms in which users meet them where these are not the word itself or its plural.
OURS = {
    "approval": r"approv(?:al|e)s?",
    "back-off": "",
    "chain": "",
    "child": r"child(?:ren)?",
    "chunk": "",
    "cool-off": r"cool[-_ ]off",
    "dead letter": r"dead[- ]letters?",
    "deletion": "",
    "delivery": r"deliver(?:y|ies)",
    "digest": "",
    "dry run": r"dry[-_ ]runs?",
    "due": r"(?:over)?due",
    "evidence": "",
    "external id": r"external[-_ ]ids?",
    "fence": "",
    "forget": r"forg[eo]t(?:ten)?",
    "frozen": r"(?:un)?frozen|freeze",
    "give-up time": r"give-up time|given up|GIVE_UP",
    "head": "",
    "hold": r"holds?|held",
    "intent": "",
    "job": "",
    "journal": "",
    "keep credits": r"keep_credits",
    "lane": "",
    "lease": "",
    "ledger": "",
    "log": "",
    "loop guard": r"loop guard",
    "map": r"maps?",
    "mark": "",
    "needs attention": r"needs[_ ]attention",
    "nudge": r"nudge[sd]?",
    "operator": "",
    "operators' log": "",
    "outcome": "",
    "pause": r"paused?s?",
    "person map": r"person[- ]map",
    "plan": "",
    "policy": r"polic(?:y|ies)",
    "poll": "",
    "problem": "",
    "profile": "",
    "purge": "",
    "read link": r"read links?",
    "receipt": "",
    "redrive": "",
    "replay": "",
    "resolve": r"resolved?",
    "retry": r"retry|retries",
    "round": "",
    "run": "",
    "safety limits": r"safety limits?",
    "set aside": r"set[-_ ]aside",
    "settle time": r"settle time|SETTLE_SECONDS",
    "shared value": r"shared values?|max_shared",
    "simulator": "",
    "slot": "",
    "source": "",
    "stage": "",
    "stuck": "",
    "undo window": "",
    "view": "",
    "wave": "",
}
PAGES = (
    "README.md",
    *(f"docs/{name}.md" for name in ("CLI", "CONTRACT", "OPERATIONS", "PAGES", "RETENTION")),
)


def texts_of_help(command: click.Command = main) -> Iterator[str]:
    yield " ".join([command.help or "", *(getattr(each, "help", "") or "" for each in command.params)])
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        yield from texts_of_help(each)


def met_by_users() -> dict[str, str]:
    """The words of the pages that users read, of the status page, and of every --help."""
    found = {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
    page = [*page_words.MEANINGS.values(), *page_words.WAITS, *page_words.WAITS.values()]
    return found | {"--help": "\n".join(texts_of_help()), "the status page": "\n".join(page)}


def form(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{OURS[word] or re.escape(word) + 's?'})(?![a-z])", re.IGNORECASE)


@pytest.mark.parametrize("word", OURS)
def test_a_word_of_ours_that_users_meet_is_defined(word: str) -> None:
    met = [place for place, text in met_by_users().items() if form(word).search(text)]
    everywhere = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "docs").rglob("*.md"))
    assert word in DEFINED or not met, f"docs/GLOSSARY.md: define {word}, which is in {', '.join(met)}"
    assert form(word).search(everywhere.replace(GLOSSARY, "")), f"nobody meets {word}: take it out"


def test_the_list_and_the_headings_are_the_same_in_alphabetical_order() -> None:
    headings = re.findall(r"^### (.+)$", GLOSSARY, re.MULTILINE)
    assert headings == sorted(headings) == sorted(OURS)
    assert list(DEFINED) == headings


@pytest.mark.parametrize("word", DEFINED)
def test_a_definition_is_short(word: str) -> None:
    assert len(DEFINED[word].split()) < 60


def test_what_a_policy_and_a_source_may_limit_and_what_a_deletion_waits_for_is_explained() -> None:
    assert not [wait for wait in ("cool-off", "pause", "approval") if wait not in page_words.WAITS]
    for name in ("max_records", "max_share", "approve_above", "cool_off_seconds"):
        assert name in DEFINED["safety limits"]


@pytest.mark.parametrize("page", [*PAGES, "docs/ARCHITECTURE.md"])
def test_the_pages_lead_to_the_glossary(page: str) -> None:
    assert "GLOSSARY.md" in (ROOT / page).read_text(encoding="utf-8")
