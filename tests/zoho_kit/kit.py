"""Runs the files of zoho/ against an Expunge in memory, or any other address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.keys import signing_key
from local.settings import ROOT
from tests.fakes import CRM, KEY, House, event
from tests.zoho_kit.builtins import NoAnswer, Request, World
from tests.zoho_kit.deluge import Function, read

#: The address that the files come with.
ENDPOINT = "https://abc123.execute-api.eu-central-1.amazonaws.com/prod/"
SOURCE = "crm-workflow"
RECORD = "410405000002264040"
CHANGED = "2026-11-22T18:46:01+01:00"


def text(name: str) -> str:
    return (ROOT / "zoho" / name).read_text(encoding="utf-8")


def script(name: str, **changed: str) -> Function:
    """A file, with the constants at its top changed as an integrator would."""
    found = text(name)
    for constant, value in changed.items():
        (line,) = [each for each in found.splitlines() if each.strip().startswith(f"{constant} = ")]
        quoted = f'{constant} = "{value}";' if not value.isdigit() else f"{constant} = {value};"
        found = found.replace(line, line[: line.index(constant)] + quoted)
    return read(found)


def key_text(key: str = KEY) -> str:
    """The key as `keys new` prints it for Deluge."""
    return signing_key(key).decode("ascii")


def to_house(house: House) -> Callable[[Request], tuple[int, str]]:
    """What Expunge answers, through its Chalice application."""

    def send(request: Request) -> tuple[int, str]:
        source = urlsplit(request.url).path.split("/")[-2]
        answer = house.send(event(CRM, {"source": source}, request.headers, request.body.encode()))
        return answer.status, answer.text

    return send


def answering(answers: Iterable[int | None]) -> Callable[[Request], tuple[int, str]]:
    """Gives these statuses one after the other; None is no answer at all."""
    left = iter(answers)

    def send(_: Request) -> tuple[int, str]:
        status = next(left)
        if status is None:
            raise NoAnswer("socket timeout error")
        return status, '{"id": "del_1", "links": {"self": "https://x/v1/deletions/del_1?token=SECRET"}}'

    return send


def world(send: Callable[[Request], tuple[int, str]], now: Callable[[], float], key: str) -> World:
    return World(now, send, {"expunge_key": key})


def sources(key: str) -> dict[str, Any]:
    """A sources secret with the source that the files name."""
    return {SOURCE: {"keys": [key], "modules": ["Leads"], "max_records": 500}}
