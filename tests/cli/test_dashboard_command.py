"""`expunge dashboard` where it cannot begin: one line that says what to do, and nothing served."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.__main__ import main
from cli.dashboard.command import _serve
from cli.dashboard.server import Room


def test_without_a_stack_it_says_how_to_have_one(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["dashboard", "--no-browser"], env={"LOCAL_DIR": str(tmp_path)})
    assert done.exit_code == 1
    assert "start a local stack with make up, or name a stage on AWS with --stage" in done.output


@pytest.mark.parametrize("days", ["0", "91", "x"])
def test_days_that_cannot_be(days: str) -> None:
    assert CliRunner().invoke(main, ["dashboard", "--days", days]).exit_code == 2


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(click.ClickException, match=f"port {port} cannot be used .*: leave --port out"):
            _serve(Room(dict, 5), port)
