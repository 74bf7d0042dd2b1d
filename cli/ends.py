"""How commands end: the exit codes, said once for --help, docs/CLI.md and the commands themselves."""

from __future__ import annotations

from enum import IntEnum

import click

from cli.output import say


class End(IntEnum):
    """Exit codes."""

    DONE = 0
    OUT_OF_REACH = 1
    NOT_UNDERSTOOD = 2
    NOT_AS_THINGS_STAND = 3
    NOT_ALL_GONE = 4
    NEEDS_A_PERSON = 5
    NOT_ENDED_YET = 6
    ACCEPTED_BEFORE = 7
    CANNOT_BE_CHECKED = 8
    INTERRUPTED = 130


MEANING = {
    End.DONE: "done; what was watched has completed",
    End.OUT_OF_REACH: "out of reach: AWS, the service, a file; of evidence: does not fit",
    End.NOT_UNDERSTOOD: "the command or its input was not understood; nothing was sent",
    End.NOT_AS_THINGS_STAND: "refused: the current state does not allow it; nothing was changed",
    End.NOT_ALL_GONE: "ended, not all gone: partially_completed, failed, refused, cancelled",
    End.NEEDS_A_PERSON: "ended as needs_attention: a person has to look, then expunge resolve",
    End.NOT_ENDED_YET: "not ended within --timeout",
    End.ACCEPTED_BEFORE: "nothing was sent: all of it was accepted before",
    End.CANNOT_BE_CHECKED: "evidence could not be checked: it is out of reach; run it again",
    End.INTERRUPTED: "interrupted; the last lines say what is known and how to go on",
}

FINAL = frozenset({"completed", "partially_completed", "failed", "refused", "cancelled", "needs_attention"})

_ROWS = "\n".join(f"  {code.value:>3}  {words}" for code, words in MEANING.items())
#: The table for --help. The mark in front keeps its lines as they are.
TABLE = f"\b\nExit codes:\n{_ROWS}"


def of_statuses(statuses: list[str]) -> End:
    """The exit code for deletions that have these statuses."""
    if any(status not in FINAL for status in statuses):
        return End.NOT_ENDED_YET
    if "needs_attention" in statuses:
        return End.NEEDS_A_PERSON
    return End.DONE if all(status == "completed" for status in statuses) else End.NOT_ALL_GONE


class Interrupted(click.ClickException):
    """Somebody pressed Ctrl-C. The message says what is known and how to go on."""

    exit_code = End.INTERRUPTED.value

    def show(self, file: object = None) -> None:  # noqa: ARG002  # click's signature
        """The message without the word Error: nothing went wrong."""
        say(*f"Interrupted: {self.message}".split("\n"), err=True)


class OutOfReach(click.ClickException):
    """No answer, or none that can be used, after all tries."""

    exit_code = End.OUT_OF_REACH.value
