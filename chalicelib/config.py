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
_PLACEHOLDER = r"\{[^{}]*\}"
#: Printable ASCII but for what would make another address of a link: user names, queries, fragments.
_ADDRESS = r"https?://[!-~]+"
_NOT_IN_AN_ADDRESS = frozenset("?#@\\\"'<>")
_LOOPBACK = r"http://(127(\.[0-9]{1,3}){3}|localhost|\[::1\])(:[0-9]+)?/"


class BadSetting(ValueError):
    """A variable of the environment is missing or malformed; `variable` names it."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


def _whole(default: int, means: str, least: int = 1, most: int = 366 * 86400) -> Any:
    """A whole number within bounds, as a field of Config. `means`: for docs/REFERENCE.md."""
    return field(default=default, metadata={"least": least, "most": most, "means": means})


def _text(means: str, default: Any = "") -> Any:
    """A text or a switch, as a field of Config."""
    return field(default=default, metadata={"means": means})


@dataclass(frozen=True, slots=True)
class Config:
    """One stage's settings; each field says what it means."""

    stage: str = _text("the stage's name; part of every name, and of the secrets' paths", MISSING)
    table: str = _text("the DynamoDB table", MISSING)
    work_queue_url: str = _text("the queue that wakes workers", MISSING)
    topic_arn: str = _text("the topic of the events; empty in functions that publish nothing")
    public_url: str = _text("what read links start with: a pattern with {apiId} and {stage}; ends with /")
    max_wait_seconds: int = _whole(900, "the longest pause between two tries of a call")
    give_up_seconds: int = _whole(86_400, "how long one call may fail, all its tries added up")
    longest_wait_seconds: int = _whole(
        604_800, "how long is waited for what Zoho lets wait without a failure"
    )
    secret_cache_seconds: int = _whole(300, "how long a secret is kept in a worker's memory", least=0)
    keep_days: int = _whole(400, "days for which an ended deletion is kept", most=3660)
    forget_days: int = _whole(
        30, "days after its end at which external ids, references and reasons go", least=0, most=3660
    )
    slice_seconds: int = _whole(
        20, "how long a worker works on one deletion before others get their turn", most=900
    )
    job_max_age_seconds: int = _whole(259_200, "how old a job at Zoho may get; then a person has to look")
    max_ids: int = _whole(5000, "ids of one request; a body of 256 KiB holds 12,000", most=12_000)
    token_window_seconds: int = _whole(
        600, "for how long a delivery without a timestamp is taken for a repeat"
    )
    due_shards: int = _whole(1, "keys that due deletions are spread over; a large stage needs more", most=100)
    allow_custom_zoho_hosts: bool = _text("an org's secret may name other hosts than Zoho's", False)
    four_eyes: bool = _text("who asked for a deletion cannot approve it", True)
    lease_seconds: int = _whole(60, "how long a deletion is a worker's own without a word of it", most=3600)
    settle_seconds: int = _whole(60, "how long Zoho may need until a list or a count is right again", least=0)
    waiting_event_seconds: int = _whole(300, "how long a deletion waits before an event tells it", least=0)
    approval_seconds: int = _whole(86_400, "how long an approval is waited for; then the deletion is refused")
    loop_window_seconds: int = _whole(
        3600, "how long deleted ids are remembered; 0: no loop guard", least=0, most=86_400
    )
    epoch: int = _whole(0, "a table of another epoch is paused: make restore-table", least=0, most=999_999)
    workers: int = _whole(
        0,
        "workers at once; no org holds more than half of them while others wait; 0: any",
        least=0,
        most=1000,
    )
    evidence: bool = _text("what has ended waits for a receipt", False)
    evidence_bucket: str = _text("the bucket of receipts and heads")
    evidence_key: str = _text("ARN of the KMS key that signs them")
    evidence_lock: str = _text("S3 Object Lock of them: GOVERNANCE or COMPLIANCE", "GOVERNANCE")
    evidence_days: int = _whole(400, "days for which they are locked", most=36_500)
    secrets_key: str = _text("ARN of the KMS key for secrets that the service makes; empty: AWS's own key")

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
    return local and re.match(_LOOPBACK, config.public_url) is not None


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
    if not re.fullmatch(_ADDRESS, text) or _NOT_IN_AN_ADDRESS & set(text):
        raise BadSetting(variable, "must start with https:// and hold no ? # @ quotes or blanks")
    if set(re.findall(_PLACEHOLDER, text)) - {"{apiId}", "{stage}"}:
        raise BadSetting(variable, "may have {apiId} and {stage} as its only placeholders")
    return text if text.endswith("/") else text + "/"
