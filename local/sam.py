"""The template of a stage: what Chalice makes of the routes, and infra/ merged in, fitted to the stage."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalicelib.config import BadSetting, Config, from_environment
from local import target
from local.failure import Failure
from local.settings import REGION
from local.target import Target

#: What is merged into Chalice's template; infra/alarms.py makes the second.
PARTS = ("infra/resources.json", "infra/alarms.json")
#: Where the template says that the code lies, until it is uploaded.
CODE = "./deployment.zip"
_MERGED = "infra/merged.json"
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


def template(aim: Target, root: Path, sources: Iterable[Path], work: Path) -> dict[str, Any]:
    """The template (SAM) of the stage, made in the empty directory `work`.

    Chalice sees a copy of the sources and no requirements, so that it fetches nothing: what it zips is thrown
    away. Raises Failure where it fails, or where two parts have something of the same name.
    """
    for path in (*sources, *sorted((root / ".chalice").glob("*.json"))):
        place = work / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    (work / "requirements.txt").touch()
    (work / ".chalice/config.json").write_text(json.dumps(_settings(aim, root)), encoding="utf-8")
    (work / "infra").mkdir()
    (work / _MERGED).write_text(json.dumps(merged(root)), encoding="utf-8")
    _chalice(aim.stage, work)
    made: dict[str, Any] = json.loads((work / "out/sam.json").read_text(encoding="utf-8"))
    return _fitted(made, aim)


def text(made: dict[str, Any]) -> str:
    """A template as it is written and sent: the same text for the same content."""
    return json.dumps(made, separators=(",", ":"), sort_keys=True) + "\n"


def merged(root: Path) -> dict[str, Any]:
    """The parts of the template as one. Raises Failure where two have something of the same name."""
    found: dict[str, Any] = {}
    for part in PARTS:
        for section, value in json.loads((root / part).read_text(encoding="utf-8")).items():
            before = found.setdefault(section, {} if isinstance(value, dict) else value)
            if isinstance(value, dict):
                if twice := before.keys() & value.keys():
                    raise Failure(f"packaging: {part}: {section} has {', '.join(sorted(twice))} already")
                before.update(value)
    return found


def _settings(aim: Target, root: Path) -> dict[str, Any]:
    """Chalice's settings, with the stage in them: one that they do not name is set up as prod is."""
    settings = target.config(root)
    stages = settings["stages"]
    if aim.stage not in stages:
        stages[aim.stage] = {**stages[target.LIKE], "api_gateway_stage": aim.stage}
    stages[aim.stage]["lambda_architecture"] = aim.architecture
    return settings


def _chalice(stage: str, work: Path) -> None:
    command = [sys.executable, "-c", _CHALICE, "package", "--stage", stage]
    command += ["--merge-template", _MERGED, "out"]
    # Importing app.py must not write bytecode into the sources, nor need any setting of the stage. No profile
    # of AWS is asked for, whether it is there or not.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    env = {**ours, **nobody, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [each.strip() for each in (done.stdout + done.stderr).splitlines() if each.strip()]
        raise Failure(f"packaging {stage}: {lines[-1] if lines else 'chalice said nothing'}")


def _fitted(made: dict[str, Any], aim: Target) -> dict[str, Any]:
    """Only this stage's rows and name; the runtime of the target instead of the Python that runs Chalice."""
    made["Mappings"] = {
        name: {aim.stage: rows.get(aim.stage, rows[target.LIKE])} for name, rows in made["Mappings"].items()
    }
    made["Parameters"]["Stage"].update(AllowedValues=[aim.stage], Default=aim.stage)
    for resource in made["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"].update(Runtime=aim.runtime, CodeUri=CODE)
    for name, resource in made["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            settings = _read(aim.stage, resource["Properties"]["Environment"]["Variables"])
            if name == "WriteEvidence":
                _forget_with_the_table(made["Resources"], settings)
    return made


def _read(stage: str, variables: dict[str, Any]) -> Config:
    """The settings as the function will read them, as far as they are known before the deployment."""
    own = {"EXPUNGE_STAGE": stage, "EXPUNGE_TABLE": "t", "EXPUNGE_WORK_QUEUE_URL": "q"}
    try:
        return from_environment({**{n: v for n, v in variables.items() if isinstance(v, str)}, **own})
    except BadSetting as problem:
        raise Failure(f"packaging {stage}: .chalice/config.json: {problem}") from problem


def _forget_with_the_table(resources: dict[str, Any], read: Config) -> None:
    """What names records in the bucket of evidence ends when the stage's table forgets the deletion."""
    for rule in resources["EvidenceBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]:
        if "ExpirationInDays" in rule:
            # S3 counts from the last time that an object was written, which is when its reference went.
            texts = read.forget_days if "TagFilters" in rule else 0
            rule["ExpirationInDays"] = max(1, read.keep_days - texts)
