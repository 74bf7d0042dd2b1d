"""The requests to send: from the command's words or a JSON file, cut into parts that the service takes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.sending.ids_file import MOST_TOLD, Broken, checked_texts

#: What the service takes at most (docs/CONTRACT.md): ids of a request, bytes of a body.
MOST_IDS = 5000
MOST_BYTES = 256 * 1024

Body = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One request of any length: `common` goes with each part. `ids` is None where it names none (a view)."""

    common: Body
    ids: tuple[str, ...] | None

    @property
    def count(self) -> int:
        """How many ids it names."""
        return len(self.ids or ())

    def body(self, first: int, count: int) -> bytes:
        """The bytes of the part with `count` ids from `first` on; always the same for the same words."""
        if self.ids is None:
            return _dumped(self.common)
        return _dumped({**self.common, "ids": list(self.ids[first : first + count])})

    def cut(self, most: int) -> Iterator[tuple[int, int]]:
        """(first, count) of parts of at most `most` ids, none larger than a body may be."""
        if self.ids is None:
            yield 0, 0
            return
        room = MOST_BYTES - len(_dumped({**self.common, "ids": []}))
        first = size = 0
        for at, each in enumerate(self.ids):
            cost = len(json.dumps(each)) + 1
            if at > first and (at - first == most or size + cost > room):
                yield first, at - first
                first, size = at, 0
            size += cost
        yield first, len(self.ids) - first


def _dumped(body: Body) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """How bytes are recognised again: SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def from_json(data: bytes, *, trusted: bool = False) -> Wanted:
    """A whole request as JSON; its ids may be more than a request takes. `trusted`: see ids_file.read.
    Raises Broken.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError as problem:
        raise Broken("is not UTF-8 text") from problem
    except json.JSONDecodeError as problem:
        raise Broken(f"line {problem.lineno}: is not JSON: {problem.msg}") from problem
    except ValueError as problem:
        raise Broken(str(problem)) from problem
    if not isinstance(found, dict):
        raise Broken("must be one JSON object, as docs/CONTRACT.md has it")
    ids = found.pop("ids", None)
    _check_ids(found, ids, trusted=trusted)
    return Wanted(found, None if ids is None else tuple(dict.fromkeys(ids)))


def _check_ids(found: Body, ids: Any, *, trusted: bool) -> None:
    """Every id of the request, wherever it stands: texts, as they were, not what a program made of them."""
    territory = found.get("territory")
    others: Body = {name: found[name] for name in ("cvid", "record_id") if name in found}
    if isinstance(territory, dict) and "id" in territory:
        others["territory/id"] = territory["id"]
    if ids is not None and (not isinstance(ids, list) or not ids):
        raise Broken('"ids" must be a list of texts: ["410405000002264040"]')
    listed: Body = {f"ids/{at}": each for at, each in enumerate(ids or ())}
    numbers = [name for name, each in {**others, **listed}.items() if not isinstance(each, str)]
    if numbers:
        words = "must be a text in quotes: programs round numbers of more than 15 digits"
        more = [f"and {len(numbers) - MOST_TOLD} more like these"] if len(numbers) > MOST_TOLD else []
        raise Broken(*(f"{name} {words}" for name in numbers[:MOST_TOLD]), *more)
    checked_texts(listed, trusted=trusted, external="external_id_field" in found)
    checked_texts(others, trusted=trusted)


def _once(pairs: list[tuple[str, Any]]) -> Body:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is there twice")
    return dict(pairs)
