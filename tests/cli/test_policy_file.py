"""Files of policies: read with the line of whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.domain.retention.schedule import Cron
from cli.policy_file import Broken, read

GOOD = """\
# old leads
policies:
  - name: old-leads
    module: Leads
    selection:
      field: Created_Time
      older_than: 90d
      where:
        - {field: Newsletter, comparator: equal, value: no}
        - {field: Since, comparator: less_than, value: 2020-01-01}
        - {field: Opted_Out, comparator: equal, value: true}
    schedule: {cron: "0 3 * * *", time_zone: Europe/Vienna}
  - name: by-view
    module: Contacts
    selection:
      view: "3652397000000538003"
    schedule:
      rate: 1 day
"""


def broken(tmp_path: Path, text: str | bytes) -> list[str]:
    file = tmp_path / "p.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Broken) as caught:
        read(file)
    return [line.removeprefix(f"{file}: ") for line in caught.value.lines]


def test_a_good_file(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(GOOD)
    first, second = read(file)
    assert [each.value for each in first.policy.selection.where] == ["no", "2020-01-01", True]
    assert first.policy.schedule == Cron("0 3 * * *", "Europe/Vienna")
    assert second.policy.selection.view == "3652397000000538003"
    assert (first.line("/selection/where/1/value"), first.line("/selection/nothing")) == (10, 5)
    assert second.line("") == 13


def test_json_and_a_plain_list_are_files_too(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(
        '[{"name": "a", "module": "Leads", "selection": {"view": "1"}, "schedule": {"rate": "1d"}}]'
    )
    assert [each.policy.name for each in read(file)] == ["a"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "older_than: 90d",
            "older_than: 0d",
            "line 7: selection.older_than: a span of zero would take every",
        ),
        ("older_than: 90d", "older_then: 90d", "line 5: selection.older_than: is missing"),
        ("value: 2020-01-01", "value: it's", "line 10: selection.where.1.value: may not hold quotes"),
        ('view: "3652397000000538003"', "view: 3652397000000538003", "line 16: selection.view: must be 1 to"),
        ("rate: 1 day", "rate: 1 fortnight", "line 18: schedule.rate: must be a number and a unit"),
        ("module: Contacts", "modul: Contacts", "line 13: module: is missing"),
        ("name: by-view", "name: old-leads", "line 13: name: old-leads is on line 3 already"),
        ("module: Contacts", "module: Contacts\n    module: Leads", "line 15: module: is there twice"),
    ],
)
def test_what_is_wrong_has_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    assert broken(tmp_path, GOOD.replace(old, new))[0].startswith(told)


def test_every_problem_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("90d", "0d").replace("1 day", "0 days").replace("module: Leads", "module: 7")
    lines = [line.split(":")[0] for line in broken(tmp_path, text)]
    assert lines == ["line 4", "line 7", "line 18"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "line 1"),
        ("policies: 7", "line 1"),
        ("policies: []\nmore: 1", "line 2"),
        ("policies:\n  - [\n", "line 3"),
        ("a: b: c", "line 1"),
        ("- 7", "line 1"),
        (b"\xff\xfe", ""),
        ("[" * 100 + "]" * 100, "line 1"),
        ("policies: [!!python/object:os.system {}]", "line 1"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str | bytes, line: str) -> None:
    assert broken(tmp_path, text)[0].startswith(line)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Broken) as caught:
        read(tmp_path / "nothing.yaml")
    assert caught.value.lines == [f"{tmp_path / 'nothing.yaml'}: No such file or directory"]
