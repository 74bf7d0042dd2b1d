"""An interrupted command says what goes on, which on AWS is more than nothing."""

from __future__ import annotations

import pytest

from local import __main__ as commands
from local.settings import Settings


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("up", "nothing was left running"),
        ("demo", "nothing was left running"),
        ("deploy", "what AWS was asked for goes on"),
        ("destroy", "what AWS was asked for goes on"),
        ("restore-table", "what AWS was asked for goes on"),
        ("smoke", "what AWS was asked for goes on"),
    ],
)
def test_what_goes_on_is_said(
    command: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_arguments: list[str], _settings: Settings) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_run", interrupted)
    assert commands.main([command]) == 130
    assert words in " ".join(capsys.readouterr().err.split())
