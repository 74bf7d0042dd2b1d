"""Which deletions a command means: by id, by link, or all that a send's journal holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from chalicelib.domain.ids import is_deletion_id
from cli import http
from cli.operator_api import OperatorApi, reach
from cli.sending import journal
from cli.target import Refused, find

_LINK_PATH = re.compile(r"/v1/deletions/(del_[0-9A-Z]{26})$")


@dataclass(frozen=True)
class LinkedDeletion:
    """A deletion and the link to read it with. `known`: its document as an operator has just read it."""

    id: str
    link: str
    known: Mapping[str, Any] | None = field(default=None, compare=False)

    def shown(self) -> Mapping[str, Any]:
        """The document that an operator may see, where it was read; else as `document`."""
        return self.known if self.known is not None else self.document()

    def document(self) -> dict[str, Any]:
        """Its status document. Raises Refused where the link is not good, OutOfReach."""
        return http.good(http.exchange("GET", self.link, headers={"Accept": "application/json"}))

    def page_of_records(self, cursor: str) -> dict[str, Any]:
        """A page of its outcomes, from `cursor` on ("" for the first)."""
        base, _, query = self.link.partition("?")
        link = f"{base}/records?{query}" + (f"&cursor={cursor}" if cursor else "")
        return http.good(http.exchange("GET", link, headers={"Accept": "application/json"}))


def from_words(words: Iterable[str], stage: str | None) -> list[LinkedDeletion]:
    """What the words of a command mean, each deletion once. Raises UsageError or Refused."""
    api: OperatorApi | None = None
    found: list[LinkedDeletion] = []
    for word in words:
        if urlsplit(word).scheme in ("http", "https"):
            found.append(_of_link(word))
        elif is_deletion_id(word):
            api = api or reach(find(stage, as_json=False), stage)
            document = api.deletion(word)
            found.append(LinkedDeletion(word, document["links"]["self"], document))
        else:
            found += _of_journal(word)
    return list(dict.fromkeys(found))


def ids_from_words(words: Iterable[str]) -> list[str]:
    """The ids of the deletions that the words of a command mean, each once. Raises UsageError or Refused."""
    found: list[str] = []
    for word in words:
        if urlsplit(word).scheme in ("http", "https"):
            found.append(_of_link(word).id)
        elif is_deletion_id(word):
            found.append(word)
        else:
            found += [each.id for each in _of_journal(word)]
    return list(dict.fromkeys(found))


def _of_link(word: str) -> LinkedDeletion:
    at = _LINK_PATH.search(urlsplit(word).path.removesuffix("/records"))
    if at is None:
        raise click.UsageError(f"{word} is no link of a deletion: .../v1/deletions/del_...?token=...")
    return LinkedDeletion(at.group(1), word)


def _of_journal(word: str) -> list[LinkedDeletion]:
    """A journal, or the file that it lies beside."""
    for path in (Path(word), Path(f"{word}.expunge")):
        if journal.is_one(path):
            kept = journal.read(path)
            if not kept.answers:
                raise Refused(f"{path}: no request was accepted yet; run expunge send again")
            return [LinkedDeletion(each.id, each.link) for each in kept.answers.values()]
    raise click.UsageError(f"{word} is no id (del_...), no link and no journal of expunge send")


def deletion_id(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    """One deletion's id, given as id or as link (a callback of click)."""
    return one_deletion(value)


def one_deletion(value: str) -> str:
    """One deletion's id, given as id or as link. Raises BadParameter."""
    if urlsplit(value).scheme in ("http", "https"):
        return _of_link(value).id
    if not is_deletion_id(value):
        raise click.BadParameter(f"{value} is no id of a deletion: del_ and 26 characters")
    return value
