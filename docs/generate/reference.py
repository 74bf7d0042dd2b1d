"""Makes docs/REFERENCE.md: every field of a source and an org, every setting, parameter and variable.

python -m docs.generate.reference            writes it
python -m docs.generate.reference --check    fails when it is stale
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from chalicelib.adapters.zoho import org_secret
from chalicelib.config import PREFIX, Config
from chalicelib.domain import source
from chalicelib.domain.request import Limits
from docs.generate import reference_words as words

DOCS = Path(__file__).parents[1]
TARGET = DOCS / "REFERENCE.md"
TEMPLATE = DOCS.parent / "infra" / "resources.json"
CHALICE = DOCS.parent / ".chalice" / "config.json"
#: Any key that is one: only an entry with a key can be read.
_KEY = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

INTRODUCTION = """# Reference: fields, settings, parameters, variables

*Reference for who sets up or deploys a stage.*

Made from the code by `docs/generate/reference.py`: do not edit it by hand. The words are
those of the [glossary](GLOSSARY.md); what a request may hold is in [the contract](CONTRACT.md), what a
command takes in [CLI.md](CLI.md), what a code means in [ERRORS.md](ERRORS.md).

"""

SOURCES = """## Fields of a source

A source is an entry of the secret `expunge/{stage}/sources`. `expunge sources show NAME` shows one without
its keys, `expunge sources set` changes its limits, and `expunge keys new` makes one. A field that is not in
this table makes the source unusable, so that a misspelt limit never becomes the default.

| field | default | means |
|---|---|---|
"""

SETTINGS = """## Settings

Variables of the functions' environment. `.chalice/config.json` has them, for all stages and for each; `make
deploy` sends them. Where *set by* names the deployment, the template fills them in. On the local stack a
variable of the shell replaces one: `EXPUNGE_GIVE_UP_SECONDS=300 make up`. Times are whole seconds unless
the name says days.

| setting | default | from, to | set by | means |
|---|---|---|---|---|
"""

PARAMETERS = """## Parameters

Parameters of the CloudFormation template: `make deploy STAGE=prod PARAMETERS="AlarmEmail=ops@example.com"`.
What was given once is kept by later deployments.

| parameter | default | may be | means |
|---|---|---|---|
"""

#: Settings that a command of ours changes, and nobody else.
_BY_COMMAND = {PREFIX + "EPOCH": "`make restore-table`"}

#: In the order of the table. Limits that have a default of their own are read from Limits.
OF_A_SOURCE = {
    "keys": "required; the newest first, 10 at most: `whsec_` and base64 of 24 to 64 random bytes",
    "profile": "how it signs: `standard-webhooks`, or `token` for what cannot sign",
    "org": "the Zoho org that is meant where a request names none",
    "orgs": "other orgs that it may name",
    "modules": "the modules that it may delete in",
    "operations": "what it may ask for",
    "related_lists": "the related lists that it may delink, by their API names",
    "max_records": "the most records of one request",
    "max_records_per_hour": "the most records that its deletions may name in one clock hour; null: no limit",
    "max_records_per_day": "the same in one UTC day; null: no limit",
    "approve_above": "above so many, in one deletion or all of a UTC day, an operator approves; null: never",
    "max_share": "the largest share of a module's records, above 0 up to 1; null: any",
    "cool_off_seconds": "how long a deletion waits before it starts",
    "mass_delete_by_ids": "whether it may use Zoho's mass delete by ids",
    "allow_uncounted": "whether it may delete a view that cannot be counted",
    "keep_credits": "Zoho's credits of the day that its deletions leave to others; null: as the org has it",
    "permanent_min_days": "the shortest `permanent_after` that it may ask for, in days; null: none",
    "erase_person_approval": "whether erasing a person waits for an approval; false: only for shared values",
    "note": "a text for people; nothing reads it",
}


def document() -> str:
    """The whole page."""
    parts = [
        SOURCES + sources(),
        words.ORGS + orgs(),
        SETTINGS + settings(),
        PARAMETERS + parameters(),
        words.SHELL + shell(),
    ]
    return INTRODUCTION + "\n".join(parts)


def sources() -> str:
    """A row for each field. Raises KeyError for a field that has no words here."""
    found = source.parse("reference", {"keys": [_KEY]})
    limits = {each.name: getattr(found.limits, each.name) for each in fields(Limits)}
    default: dict[str, Any] = {
        **limits,
        "profile": found.profile.value,
        "org": found.org,
        "orgs": [],
        "modules": [],
        "operations": sorted(found.operations),
        "permanent_min_days": found.permanent_min_days,
        "erase_person_approval": True,
        "keys": "",
        "note": "",
    }
    default["max_records_per_day"] = f"{source.REQUESTS_A_DAY} x `max_records`"
    default["related_lists"] = "those of Zoho's Delink page"
    known = sorted(source.FIELDS, key=list({**OF_A_SOURCE, **dict.fromkeys(source.FIELDS)}).index)
    return "".join(f"| `{name}` | {_shown(default[name])} | {OF_A_SOURCE[name]} |\n" for name in known)


def orgs() -> str:
    """A row for each field of an org's secret. Raises KeyError for one that has no words."""
    known = sorted(org_secret.FIELDS, key=list({**words.OF_AN_ORG, **dict.fromkeys(org_secret.FIELDS)}).index)
    rows = ((name, *words.OF_AN_ORG[name]) for name in known)
    return "".join(f"| `{name}` | {default} | {means} |\n" for name, default, means in rows)


def shell() -> str:
    """A row for each variable of the shell."""
    return "".join(f"| `{name}` | {who} | {means} |\n" for name, (who, means) in words.OF_THE_SHELL.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value) or "none"
    if isinstance(value, str):
        return value if " " in value or not value else f"`{value}`"
    return json.dumps(value)


def settings() -> str:
    """A row for each setting of a stage."""
    template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    filled = _variables(template)
    config = json.loads(CHALICE.read_text(encoding="utf-8"))
    given = config["environment_variables"]
    ours = "".join(_setting(each, filled, given) for each in fields(Config))
    others = ((name, given[name], words.POWERTOOLS[name]) for name in given if not name.startswith(PREFIX))
    return ours + "".join(f"| `{name}` | {value} |  | you | {means} |\n" for name, value, means in others)


def _variables(value: Any) -> set[str]:
    """Names of the variables that the template fills in."""
    if isinstance(value, dict):
        own = {name for name in value if name.startswith(PREFIX)}
        return own.union(*map(_variables, value.values()))
    return set().union(*map(_variables, value)) if isinstance(value, list) else set()


def _setting(each: Field[Any], filled: set[str], configured: dict[str, str]) -> str:
    name = PREFIX + each.name.upper()
    given = configured.get(name)
    default = "" if each.default is MISSING else each.default
    if given is None:
        given = json.dumps(default) if isinstance(default, bool) else str(default)
    bounds = f"{each.metadata['least']:,} to {each.metadata['most']:,}" if "least" in each.metadata else ""
    who = _BY_COMMAND.get(name) or ("the deployment" if name in filled else "you")
    return f"| `{name}` | {given} | {bounds} | {who} | {each.metadata['means']} |\n"


def parameters() -> str:
    """A row for each parameter of the template."""
    template = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    return "".join(_parameter(name, each) for name, each in template["Parameters"].items())


def _parameter(name: str, each: dict[str, Any]) -> str:
    allowed = ", ".join(f"`{value}`" for value in each.get("AllowedValues", []))
    if name == "Stage":
        allowed = "the stage that is deployed"
    if "MinValue" in each:
        least, most = each["MinValue"], each.get("MaxValue")
        allowed = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"
    default = each.get("Default", "")
    return f"| `{name}` | {default} | {allowed} | {each['Description']} |\n"


def main(argv: list[str]) -> int:
    """Writes the page, or says whether it is stale."""
    options = argparse.ArgumentParser(prog="python -m docs.generate.reference", description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing, fail where the page is stale")
    text = document()
    if not options.parse_args(argv).check:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("docs/REFERENCE.md is stale: python -m docs.generate.reference", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
