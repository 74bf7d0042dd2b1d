"""Sending the parts of a journal, or one request without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from cli import http
from cli.bar import Bar
from cli.ends import Interrupted, OutOfReach
from cli.http import RetryPolicy
from cli.operating.render import many
from cli.sending.channels import Channel
from cli.sending.journal import Answer, Journal, Part, read
from cli.sending.request import Wanted, digest
from cli.target import Refused

REPLAYED = "Idempotent-Replayed"


def plan_of(wanted: Wanted, channel: Channel, input_digest: str) -> dict[str, Any]:
    """What must be the same for a journal to go on."""
    return {"to": channel.name, "request": wanted.common, "ids": wanted.count, "input": input_digest}


def parts_of(wanted: Wanted, most: int, name: str) -> tuple[Part, ...]:
    """The parts with delivery ids that begin with `name`."""
    return tuple(
        Part(number, first, count, f"{name}-{number}", digest(wanted.body(first, count)))
        for number, (first, count) in enumerate(wanted.cut(most), start=1)
    )


def check_same(journal: Journal, plan: dict[str, Any], wanted: Wanted) -> None:
    """Raises Refused where the journal is of something else than what is to be sent now."""
    before = journal.plan
    remedy = f"Nothing was sent. Give another --state FILE, or remove {journal.path} to begin anew"
    if before["input"] != plan["input"] or before["ids"] != plan["ids"]:
        begun = (
            f"{len(journal.answers)} of {many(len(journal.parts), 'request')} of the old one were accepted"
        )
        raise Refused(f"the input has changed since {journal.path} was begun; {begun}. {remedy}")
    for name, words in (("to", "goes to"), ("request", "asks for")):
        if before[name] != plan[name]:
            raise Refused(f"{journal.path} {words} {before[name]}, not {plan[name]}. {remedy}")
    if any(digest(wanted.body(part.first, part.count)) != part.digest for part in journal.parts):
        raise Refused(f"{journal.path} was made by a version that wrote other bodies. {remedy}")


@dataclass(frozen=True)
class Courier:
    """Sends parts. `where`: says where in the input an id stands, for problems with it."""

    channel: Channel
    retries: RetryPolicy
    bar: Bar
    where: Callable[[int], str]

    def deliver(self, journal: Journal, wanted: Wanted) -> None:
        """Send what is left. Raises Refused, OutOfReach or Interrupted, saying what is known."""
        for part in journal.left:
            try:
                journal.answered(self._sent(part, wanted))
            except KeyboardInterrupt as interrupt:
                kept = read(journal.path)  # the answer may have come and be written by now
                doubt = part.number not in kept.answers
                raise Interrupted(_so_far(kept, part, doubt=doubt)) from interrupt
            except (OutOfReach, Refused) as problem:
                known = _so_far(journal, part, doubt=isinstance(problem, OutOfReach))
                raise type(problem)(f"{problem.message}\n{known}") from problem
            except OSError as problem:
                words = f"{journal.path}: {problem.strerror}: the answer could not be kept"
                raise OutOfReach(f"{words}\n{_so_far(journal, part)}") from problem
            self._tell(journal, wanted)

    def one(self, part: Part, wanted: Wanted, again: str) -> Answer:
        """Send a request without a journal. `again`: how to send it again under the same id."""
        try:
            return self._sent(part, wanted)
        except KeyboardInterrupt as interrupt:
            raise Interrupted(f"whether the request was accepted is not known. {again}") from interrupt
        except OutOfReach as problem:
            words = f"{problem.message}\nWhether the request was accepted is not known. {again}"
            raise OutOfReach(words) from problem

    def _sent(self, part: Part, wanted: Wanted) -> Answer:
        body = wanted.body(part.first, part.count)
        answer = http.tried(lambda: self.channel.send(part.delivery, body), self.retries, self.bar.say)
        if answer.status_code != 202:
            raise self._refusal(answer, part)
        found = http.good(answer)
        replayed = answer.headers.get(REPLAYED) == "true"
        return Answer(part.number, found["id"], found["links"]["self"], replayed)

    def _refusal(self, answer: requests.Response, part: Part) -> Refused | OutOfReach:
        words = f"HTTP {answer.status_code}: {http.message(answer)}{http.later(answer)}"
        if not http.code(answer):
            return OutOfReach(words)
        places = [self.where(part.first + at) for at in _ids_at_fault(answer)]
        return Refused("; ".join([words, *filter(None, places)]))

    def _tell(self, journal: Journal, wanted: Wanted) -> None:
        done, total = len(journal.answers), len(journal.parts)
        words = f"{done} of {many(total, 'request')} accepted"
        words += f", {journal.accepted:,} of {many(wanted.count, 'id')}" if wanted.count else ""
        self.bar.at(done, total, words)
        if done == total:
            self.bar.say(words)


def _ids_at_fault(answer: requests.Response) -> Sequence[int]:
    pointers = [field["path"] for field in http.fields(answer)]
    return [int(p.removeprefix("/ids/")) for p in pointers if p.removeprefix("/ids/").isdigit()][:5]


def _so_far(journal: Journal, part: Part, *, doubt: bool = True) -> str:
    be = "is" if len(journal.parts) == 1 else "are"
    words = f"{len(journal.answers)} of {many(len(journal.parts), 'request')} {be} accepted"
    words += f" ({many(journal.accepted, 'id')})" if journal.plan["ids"] else ""
    this = f", request {part.number} is in doubt" if doubt else ""
    return (
        f"{words}{this}.\n{journal.path} remembers them: the same command goes on"
        "\nunder the same delivery ids, and nothing is deleted twice"
    )
