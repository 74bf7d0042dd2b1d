"""The only reader of the environment: every setting of the stage by name, with its default and its bounds.

A field's variable is `EXPUNGE_` and its name in capitals. Times are whole seconds unless the name says days.
What AWS sets for boto3 (region, credentials, AWS_ENDPOINT_URL) is read by boto3 itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

PREFIX = "EXPUNGE_"
_STAGE = re.compile(r"[A-Za-z0-9_-]{1,32}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
#: Printable ASCII but for what would make another address of a link: user names, queries, fragments.
_ADDRESS = re.compile(r"https?://[!-~]+")
_NOT_IN_AN_ADDRESS = frozenset("?#@\\\"'<>")
_LOOPBACK = re.compile(r"http://(127(\.[0-9]{1,3}){3}|localhost|\[::1\])(:[0-9]+)?/")


class BadSetting(ValueError):
    """A variable of the environment is missing or malformed; `variable` names it."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


def _whole(default: int, least: int = 1, most: int = 366 * 86400) -> Any:
    """A whole number within bounds, as a field of Config."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True)
class Config:
    """One stage's settings.

    `topic_arn` is empty in functions that publish nothing, `public_url` where API Gateway's own address is
    right.
    """

    stage: str
    table: str
    work_queue_url: str
    topic_arn: str = ""
    public_url: str = ""  # pattern with {apiId} and {stage}; ends with "/"
    max_wait_seconds: int = _whole(900)  # longest back-off between two tries
    give_up_seconds: int = _whole(86_400)  # failing time of one call, added up over its tries
    longest_wait_seconds: int = _whole(604_800)  # for what Zoho lets wait without a failure
    secret_cache_seconds: int = _whole(300, least=0)
    keep_days: int = _whole(400, most=3660)
    slice_seconds: int = _whole(20, most=900)
    job_max_age_seconds: int = _whole(259_200)
    max_ids: int = _whole(5000, most=12_000)  # what a body of 256 KiB can hold
    token_window_seconds: int = _whole(600)
    due_shards: int = _whole(1, most=100)
    allow_custom_zoho_hosts: bool = False
    four_eyes: bool = True  # who asked for a deletion cannot approve it
    lease_seconds: int = _whole(60, most=3600)
    settle_seconds: int = _whole(60, least=0)
    waiting_event_seconds: int = _whole(300, least=0)
    approval_seconds: int = _whole(86_400)  # how long an approval is waited for
    loop_window_seconds: int = _whole(3600, least=0, most=86_400)  # 0: no loop guard
    epoch: int = _whole(0, least=0, most=999_999)  # a table of another one is paused: make restore-table
    evidence: bool = False  # what has ended waits for a receipt
    evidence_bucket: str = ""
    evidence_key: str = ""  # ARN of the KMS key that signs
    evidence_lock: str = "GOVERNANCE"
    evidence_days: int = _whole(400, most=36_500)
    secrets_key: str = ""  # ARN of the KMS key for secrets that the service makes; empty: AWS's own key

    @property
    def sources_secret(self) -> str:
        """Name of the secret that lists who may ask for what."""
        return f"expunge/{self.stage}/sources"

    @property
    def links_secret(self) -> str:
        """Name of the secret that read links are made with."""
        return f"expunge/{self.stage}/links"


def stage_name(environ: Mapping[str, str]) -> str:
    """The stage's name, before the settings are checked: metrics bear it. Where there is none: "none"."""
    return environ.get(PREFIX + "STAGE") or "none"


def from_environment(environ: Mapping[str, str]) -> Config:
    """The settings in `environ` (os.environ in a function, a plain dict in tests).

    Raises BadSetting, which names the variable, for the first that is missing or malformed.
    """
    values: dict[str, Any] = {}
    for each in fields(Config):
        variable = PREFIX + each.name.upper()
        text = environ.get(variable, "").strip()
        if text:
            values[each.name] = _parsed(each, variable, text)
        elif each.default is MISSING:
            raise BadSetting(variable, "is not set")
    config = Config(**values)
    if not _STAGE.fullmatch(config.stage):
        raise BadSetting(PREFIX + "STAGE", "must be 1 to 32 letters, digits, hyphens or underscores")
    if config.evidence_lock not in ("GOVERNANCE", "COMPLIANCE"):
        raise BadSetting(PREFIX + "EVIDENCE_LOCK", "must be GOVERNANCE or COMPLIANCE")
    if config.public_url.startswith("http:") and not _may_be_plain(config):
        problem = (
            "must start with https://, since a read link is a secret; http:// is for the local stage only"
        )
        raise BadSetting(PREFIX + "PUBLIC_URL", problem)
    return config


def _may_be_plain(config: Config) -> bool:
    """The local stage speaks http on its own machine, and no other does."""
    local = config.stage == "local" or config.allow_custom_zoho_hosts
    return local and _LOOPBACK.match(config.public_url) is not None


def _parsed(each: Field[Any], variable: str, text: str) -> str | int | bool:
    """`text` as the kind of value that the field's default is; a field without a default is text."""
    if isinstance(each.default, bool):
        return _boolean(variable, text)
    if isinstance(each.default, int):
        return _number(variable, text, each.metadata["least"], each.metadata["most"])
    return _pattern(variable, text) if each.name == "public_url" else text


def _boolean(variable: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadSetting(variable, "must be true or false")
    return text == "true"


def _number(variable: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise BadSetting(variable, f"must be a whole number from {least} to {most}")
    return int(text)


def _pattern(variable: str, text: str) -> str:
    if not _ADDRESS.fullmatch(text) or _NOT_IN_AN_ADDRESS & set(text):
        raise BadSetting(variable, "must start with https:// and hold no ? # @ quotes or blanks")
    if set(_PLACEHOLDER.findall(text)) - {"{apiId}", "{stage}"}:
        raise BadSetting(variable, "may have {apiId} and {stage} as its only placeholders")
    return text if text.endswith("/") else text + "/"
