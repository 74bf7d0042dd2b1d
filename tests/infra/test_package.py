"""The package: the same twice, complete, for the right machine, and made anew only when something changed."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local import package, sam, sources, target
from local.failure import Failure
from local.settings import ROOT

RUNTIME_ONLY = ("boto3", "botocore", "pytest", "moto", "ruff", "mypy")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources that are packaged, in a place of their own."""
    root = tmp_path / "project"
    for name in (".chalice", "chalicelib", "infra"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "deployments"))
    (root / "requirements").mkdir()
    for name in ("app.py", "requirements.txt", "requirements/dev.txt"):
        shutil.copyfile(ROOT / name, root / name)
    return root


def names(found: package.Package) -> list[str]:
    with zipfile.ZipFile(found.zip_file) as archive:
        return archive.namelist()


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_two_runs_give_the_same_bytes(tmp_path: Path, stage: str) -> None:
    first = package.build(stage)  # made now, or by an earlier command from the same content
    second = package.build(stage, kept_in=tmp_path)
    assert first.zip_file.read_bytes() == second.zip_file.read_bytes()
    assert first.template_file.read_bytes() == second.template_file.read_bytes()
    assert first.sbom_file.read_bytes() == second.sbom_file.read_bytes()


def test_the_package_holds_the_application_and_nothing_of_development() -> None:
    found = names(package.build("local"))
    tops = {name.split("/")[0] for name in found}
    assert {"app.py", "chalicelib", "chalice", "requests", "aws_lambda_powertools"} <= tops
    assert not tops & {*RUNTIME_ONLY, "tests", "simulator", "local", "infra"}
    assert not tops & {"pydantic", "pydantic_core"}
    assert not [name for name in found if name.startswith("aws_lambda_powertools/event_handler/")]


def test_a_package_has_at_most_four_megabytes() -> None:
    for stage in ("local", "prod"):
        assert package.build(stage).zip_file.stat().st_size <= 4_000_000


def test_what_functions_load_has_its_bytecode_in_the_package(tmp_path: Path) -> None:
    """A function cannot write bytecode, so what has none is compiled at every cold start."""
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(package.build("local").zip_file, unpacked)
    code = (
        "import sys, app\n"
        "from chalicelib import bootstrap, handlers\n"
        "from chalicelib.adapters import secrets, topic\n"
        "from chalicelib.adapters.zoho import http, orgs\n"
        "from chalicelib.web import intake, operator, status\n"
        "print(*(m.__cached__ for m in sys.modules.values() if getattr(m, '__cached__', None)), sep='\\n')"
    )
    path = f"import sys; sys.path[:0] = [{str(unpacked)!r}]\n"
    command = [sys.executable, "-B", "-c", path + code]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    cached = [Path(line) for line in shown.stdout.splitlines() if line.startswith(str(unpacked))]
    assert len(cached) > 150
    assert [str(each) for each in cached if not each.exists()] == []


def test_a_changed_source_would_not_be_passed_by(tmp_path: Path) -> None:
    """The bytecode is trusted unchecked, so it must be of the source that lies beside it."""
    with zipfile.ZipFile(package.build("local").zip_file) as archive:
        sources = [
            name for name in archive.namelist() if name.startswith("chalicelib/") and name[-3:] == ".py"
        ]
        for name in sources:
            compiled = archive.read(importlib.util.cache_from_source(name))
            assert compiled[8:16] == importlib.util.source_hash(archive.read(name))


def test_aws_stages_carry_wheels_for_arm_only() -> None:
    machines = {
        name.split("-linux-")[0].rpartition("-")[2] for name in names(package.build("prod")) if ".so" in name
    }
    assert machines == {"aarch64"}


#: `e_machine` in the header of a compiled file, by Lambda's name of the architecture.
MACHINES = {"x86_64": 62, "arm64": 183}


@pytest.mark.parametrize("stage", package.stages())
def test_every_compiled_file_is_for_the_stages_architecture(stage: str) -> None:
    """Told by its own header, whatever its wheel was called; all functions share it."""
    found = package.build(stage)
    functions = [
        r for r in found.template()["Resources"].values() if r["Type"] == "AWS::Serverless::Function"
    ]
    [architecture] = {tuple(each["Properties"]["Architectures"]) for each in functions}
    with zipfile.ZipFile(found.zip_file) as archive:
        headers = [archive.open(name).read(20) for name in archive.namelist() if ".so" in Path(name).suffixes]
    assert headers
    assert {header[:4] for header in headers} == {b"\x7fELF"}
    machines = {int.from_bytes(header[18:20], "little") for header in headers}
    assert machines == {MACHINES[each] for each in architecture}


def test_an_application_is_packaged_anew_where_a_setting_changed_and_not_otherwise(
    tmp_path: Path, copy: Path
) -> None:
    before = package.build("local", root=copy, kept_in=tmp_path / "kept")
    made = before.zip_file.stat().st_mtime_ns
    again = package.build("local", root=copy, kept_in=tmp_path / "kept")
    assert (again.zip_file, again.zip_file.stat().st_mtime_ns) == (before.zip_file, made)
    file = copy / ".chalice/config.json"
    config = json.loads(file.read_text())
    config["stages"]["local"]["environment_variables"]["EXPUNGE_GIVE_UP_SECONDS"] = "77"
    file.write_text(json.dumps(config))
    after = package.build("local", root=copy, kept_in=tmp_path / "kept")
    variables = after.template()["Resources"]["Work"]["Properties"]["Environment"]["Variables"]
    assert before.template_file != after.template_file
    assert variables["EXPUNGE_GIVE_UP_SECONDS"] == "77"


def test_a_dependency_missing_from_the_lock_fails_the_build(tmp_path: Path, copy: Path) -> None:
    (copy / "chalicelib/needs_more.py").write_text("import hypothesis\n")
    with pytest.raises(
        Failure, match="cannot be imported: ModuleNotFoundError: No module named 'hypothesis'"
    ):
        package.build("local", root=copy, kept_in=tmp_path / "kept")


def test_no_profile_of_aws_is_asked_for(tmp_path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another one by then, or one that this machine does not have."""
    monkeypatch.setenv("AWS_PROFILE", "of-another-machine")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "not-there"))
    (tmp_path / "work").mkdir()
    files = sources.of(copy, tracked_only=False).files
    made = sam.template(target.of("prod", copy), copy, files, tmp_path / "work")
    assert "Table" in made["Resources"]


def test_an_application_that_does_not_import_fails_the_build(tmp_path: Path, copy: Path) -> None:
    with (copy / "app.py").open("a") as sink:
        sink.write("\nraise RuntimeError('broken on purpose')\n")
    with pytest.raises(Failure, match=r"packaging local: .*broken on purpose"):
        package.build("local", root=copy, kept_in=tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("*/template.json"))


TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String"},
        "CustomerKey": {"Type": "String", "AllowedValues": ["true", "false"]},
        "Reserved": {"Type": "Number", "MinValue": 0},
        "Days": {"Type": "Number", "MinValue": 1, "MaxValue": 36500},
        "Mail": {"Type": "String", "AllowedPattern": "^$|^[^@]+@[^@]+$"},
        "Url": {"Type": "String", "AllowedPattern": "(https://.+)?", "ConstraintDescription": "must be TLS"},
        "Free": {"Type": "String"},
    }
}


def test_several_parameters_are_taken_as_they_are_given() -> None:
    text = " CustomerKey=true  Reserved=20 Mail=a@b Url=https://x Free=a=b "
    assert package.given(text, TEMPLATE) == {
        "CustomerKey": "true", "Reserved": "20", "Mail": "a@b", "Url": "https://x", "Free": "a=b",
    }  # fmt: skip
    assert package.given("Mail= Url= Free=", TEMPLATE) == {"Mail": "", "Url": "", "Free": ""}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CustomerKey=yes", "PARAMETERS: CustomerKey=yes: must be true or false"),
        ("CustomerKey=True", "must be true or false"),
        ("CustomerKey=", "must be true or false"),
        ("Reserved=many", "must be a whole number from 0"),
        ("Days=0", "must be a whole number from 1 to 36500"),
        ("Days=36501", "must be a whole number from 1 to 36500"),
        ("Days=0.5", "must be a whole number from 1 to 36500"),
        ("Days=" + "9" * 5000, "must be a whole number from 1 to 36500"),
        ("Reserved=00", "must be a whole number from 0"),
        ("Reserved=-1", "must be a whole number from 0"),
        ("Mail=nobody", "must match ^$|"),
        ("Url=http://x", "Url=http://x: must be TLS"),
        ("CustomerKey=true CustomerKey=false", "CustomerKey stands there twice"),
        ("=true", "must be Name=value"),
    ],
)
def test_a_value_that_the_template_refuses_is_refused_before_anything_is_made(text: str, words: str) -> None:
    with pytest.raises(Failure, match=re.escape(words)):
        package.given(text, TEMPLATE)


def test_nothing_that_a_template_says_of_its_parameters_is_overlooked() -> None:
    judged = {"AllowedValues", "AllowedPattern", "ConstraintDescription", "MinValue", "MaxValue"}
    for name, each in package.build("prod").template()["Parameters"].items():
        assert set(each) <= judged | {"Type", "Default", "Description"}, name
        assert each["Type"] in ("String", "Number")
        default = str(each["Default"])
        assert name == "Stage" or package.given(f"{name}={default}", {"Parameters": {name: each}}) == {
            name: default
        }


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for out in (file, file / "below"):
        with pytest.raises(Failure, match=re.escape(f"OUT={out}: cannot be written: ")):
            package.write("dev", out)


def test_a_directory_that_is_there_keeps_what_is_not_ours(tmp_path: Path) -> None:
    out = tmp_path / "a directory" / "below"
    package.write("dev", out, with_kept=True)
    (out / "other").touch()
    package.write("dev", out)  # which leaves no import template of an earlier run
    assert {each.name for each in out.iterdir()} == {
        "deployment.zip", "template.json", "sbom.json", "other",
    }  # fmt: skip
