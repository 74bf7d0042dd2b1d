"""The guards of `expunge send`: what keeps a file of ids from being lost, sent twice or read wrongly."""

from __future__ import annotations

from tests.guards.guard import Guard

_SEND = ("tests/cli/test_send.py",)

GUARDS = (
    Guard(
        "an answer is kept before the next part is sent",
        "cli/sending/journal.py",
        '        self._sink.write(_line({"answer": asdict(answer)}))\n',
        "",
        _SEND,
    ),
    Guard(
        "a changed input is refused",
        "cli/sending/deliver.py",
        'if before["input"] != plan["input"] or before["ids"] != plan["ids"]:',
        "if False:",
        _SEND,
    ),
    Guard(
        "one command at a time has a journal",
        "cli/sending/journal.py",
        "            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "            pass\n",
        _SEND,
    ),
    Guard(
        "a row that has slipped names no id",
        "cli/sending/ids_file.py",
        "if any(cell.strip() for cell in cells[width:]):",
        "if False:",
        ("tests/cli/test_ids_file.py",),
    ),
    Guard(
        "a key goes nowhere but into the signature",
        "cli/sending/source.py",
        '        raise click.UsageError(f"{file or KEY}: {problem}") from None\n',
        '        raise click.UsageError(f"{text}: {problem}") from None\n',
        _SEND,
    ),
    Guard(
        "an id that a spreadsheet has rounded is not sent",
        "cli/sending/ids_file.py",
        "    if places:\n",
        "    if False:\n",
        ("tests/cli/test_ids_file.py",),
    ),
    Guard(
        "a send that sent nothing does not end as one that did",
        "cli/sending/command.py",
        "best = End.DONE if new else End.ACCEPTED_BEFORE",
        "best = End.DONE",
        _SEND,
    ),
    Guard(
        "data makes no lines and no escape sequences",
        "cli/output.py",
        'click.echo("\\n".join(map(clean, lines)), err=err)',
        'click.echo("\\n".join(lines), err=err)',
        ("tests/cli/test_output.py",),
    ),
    Guard(
        "no cell is a formula",
        "cli/csv_out.py",
        """return _FORMULA.sub(r"\\1\\2'", text)""",
        "return text",
        ("tests/cli/test_output.py",),
    ),
    Guard(
        "a dry run of an operator's call leaves no command",
        "chalicelib/web/dry_run.py",
        "deletions=dry_run.Deletions(endpoints.operators.deletions),",
        "deletions=endpoints.operators.deletions,",
        ("tests/app/test_dry_run.py",),
    ),
    Guard(
        "a misspelled dry run is refused",
        "chalicelib/web/dry_run.py",
        "    if unknown:\n",
        "    if False:\n",
        ("tests/app/test_dry_run.py",),
    ),
)
