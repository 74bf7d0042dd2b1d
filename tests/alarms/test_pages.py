"""docs/OPERATIONS.md: a page for every alarm, none for others, and every command on it exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import botocore.session
import click
import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from cli.__main__ import main as expunge
from infra.alarm_list import ALARMS
from local.settings import ROOT

PAGE = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
#: Commands of the aws program itself, beside the operations of AWS, with options of their own.
OWN = {("logs", "tail"): {"--since", "--filter-pattern", "--follow", "--format"}}
ANY = "del_01M8298QNC9R2FS46471MHPX7V"
EVERYWHERE = {"--output", "--query", "--region", "--profile"}


def commands(text: str) -> list[list[str]]:
    """The commands of a block as words, those inside `$(...)` too."""
    found = []
    for line in text.splitlines():
        inner = re.findall(r"\$\(([^()]+)\)", line)
        for each in (re.sub(r"\$\([^()]+\)", "VALUE", line), *inner):
            words = shlex.split(each, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words:
                found.append(words)
    return found


ALL = [words for block in BLOCKS for words in commands(block)]


def known_to_click(words: list[str]) -> None:
    """Follows the words through the groups; then every option must be one of the command's."""
    command: click.Command = expunge
    rest = list(words)
    while isinstance(command, click.Group):
        assert rest, words
        assert rest[0] in command.commands, f"{' '.join(words)}: no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    if "--help" in rest:
        return
    context = click.Context(command)
    values, left, _ = command.make_parser(context).parse_args([ANY if w == "del_..." else w for w in rest])
    assert not left, words
    for param in command.params:
        if isinstance(param.type, click.Path | click.File):  # which need not be there
            assert isinstance(values.get(str(param.name)), str) or not param.required, words
        else:
            param.handle_parse_result(context, values, [])


def known_to_aws(words: list[str]) -> None:
    service, operation, *rest = words
    options = {word for word in rest if word.startswith("--")} - EVERYWHERE
    if (service, operation) in OWN:
        assert options <= OWN[service, operation], words
        return
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(each, "-"): each for each in model.operation_names}
    assert operation in names, words
    shape = model.operation_model(names[operation]).input_shape
    members = {"--" + xform_name(each, "-") for each in shape.members} if shape else set()
    if operation == "invoke":
        assert rest[-1] == "/dev/stdout"  # its last word is the file that the answer goes to
    assert options <= members, words


SETTINGS = {
    "STAGE", "PARAMETERS", "YES", "DELETE_DATA", "CONFIRM", "REPAIR", "AT", "BACKUP", "OUT",
}  # fmt: skip


def known_to_make(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    target, *settings = words
    assert target in targets, words
    template = (ROOT / "infra/resources.json").read_text(encoding="utf-8")
    for each in settings:
        name, _, value = each.partition("=")
        assert name in {"STAGE", "PARAMETERS", "YES", "DELETE_DATA", "CONFIRM", "REPAIR", "AT", "BACKUP"}, (
            words
        )
        for pair in value.split() if name == "PARAMETERS" else ():
            assert f'"{pair.partition("=")[0]}": {{' in template, words


KNOWN: dict[str, Callable[[list[str]], None]] = {
    "expunge": known_to_click,
    "aws": known_to_aws,
    "make": known_to_make,
    "export": lambda _words: None,
}


@pytest.mark.parametrize("name", sorted(each.name for each in ALARMS))
def test_every_alarm_has_its_page_with_something_to_look_at(name: str) -> None:
    section = re.search(rf"^### {name}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, f"{name} has no page"
    words, [block] = section[1].split("```sh")[0], re.findall(r"```sh\n(.*?)```", section[1], re.DOTALL)
    assert len(words.split()) >= 10
    steps = commands(block)
    assert len(steps) >= 3
    assert {step[0] for step in steps} & {"expunge", "make", "aws"}


def test_no_page_is_left_over() -> None:
    alarms = PAGE.partition("## Alarms\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (.+)$", alarms, re.MULTILINE) == [each.name for each in ALARMS]


@pytest.mark.parametrize("words", ALL, ids=[" ".join(words)[:60] for words in ALL])
def test_every_command_exists(words: list[str]) -> None:
    KNOWN[words[0]](words[1:])


@pytest.mark.parametrize(
    "line",
    [
        "expunge explode --stage prod",
        "expunge list --stagee prod",
        "expunge approve del_1",
        "expunge resolve del_1 --outcome perhaps",
        "expunge policies apply",
        "aws sqs destroy-queue",
        "aws sqs purge-queue --queue-name x",
        "aws nothing list",
        "make explode STAGE=prod",
        "make deploy STAGE=prod PARAMETERS=Nonsense=1",
        "python scripts/nothing.py",
        "expunge recover explode --stage prod",
        "rm -rf x",
    ],
)
def test_what_does_not_exist_is_found_out(line: str) -> None:
    [words] = commands(line)
    with pytest.raises((AssertionError, KeyError, click.ClickException, UnknownServiceError)):
        KNOWN[words[0]](words[1:])


def test_every_block_is_read() -> None:
    assert PAGE.count("```") == 2 * len(BLOCKS)
    assert len(ALL) > len(ALARMS) * 3
