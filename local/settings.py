"""What a command was asked for, read from the environment once: where, which Zoho, which port, overrides."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.adapters.zoho.hosts import is_zohos
from local.failure import Failure

ROOT = Path(__file__).resolve().parent.parent
#: What LOCAL_DIR counts from: the clone, or where the caller stands if the command was installed.
BASE = ROOT if (ROOT / "pyproject.toml").is_file() else Path()
STAGE = "local"
REGION = "us-east-1"

# The deployment sets these itself, so they cannot be overridden.
_FIXED = {
    "EXPUNGE_STAGE",
    "EXPUNGE_TABLE",
    "EXPUNGE_WORK_QUEUE_URL",
    "EXPUNGE_TOPIC_ARN",
    "EXPUNGE_PUBLIC_URL",
    "EXPUNGE_FOUR_EYES",
    "EXPUNGE_WORKERS",
    "EXPUNGE_SECRETS_KEY",
    "EXPUNGE_EVIDENCE",
    "EXPUNGE_EVIDENCE_BUCKET",
    "EXPUNGE_EVIDENCE_KEY",
    "EXPUNGE_EVIDENCE_LOCK",
    "EXPUNGE_EVIDENCE_DAYS",
    # Of the command line, for senders: no setting of a stage, and no business of its functions.
    "EXPUNGE_KEY",
    "EXPUNGE_SOURCE",
    "EXPUNGE_URL",
}
_OVERRIDE = re.compile(r"(EXPUNGE|POWERTOOLS)_[A-Z0-9_]{1,60}")


@dataclass(frozen=True, slots=True)
class Settings:
    """One local stack's settings; `port` None means any free one, `zoho_url` None means the simulator."""

    directory: Path
    port: int | None = None
    zoho_url: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    #: Whether the simulator has the example company's records too.
    company: bool = False

    @property
    def stack_file(self) -> Path:
        """Where the running stack is described (contract, section 7)."""
        return self.directory / "stack.json"

    @property
    def approver_file(self) -> Path:
        """The same with the credentials of another operator."""
        return self.directory / "approver" / "stack.json"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in `environ`. Raises Failure for a bad PORT, ZOHO_URL or COMPANY.

    Variables named EXPUNGE_... or POWERTOOLS_... replace the stage's settings of the same name, so that
    a test can run with `EXPUNGE_GIVE_UP_SECONDS=300 make up`.
    """
    directory = Path(environ.get("LOCAL_DIR") or ".local")
    return Settings(
        directory=directory if directory.is_absolute() else BASE / directory,
        port=_port(environ.get("PORT", "")),
        zoho_url=_zoho_url(environ.get("ZOHO_URL", "")),
        overrides={k: v for k, v in environ.items() if _OVERRIDE.fullmatch(k) and k not in _FIXED and v},
        company=_company(environ.get("COMPANY", "")),
    )


def _company(text: str) -> bool:
    if text not in ("", "yes", "no"):
        raise Failure(f"COMPANY={text}: must be yes or no")
    return text != "no"


def _port(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise Failure(f"PORT={text}: must be a number from 1 to 65535")
    return int(text)


def _zoho_url(text: str) -> str | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise Failure(f"ZOHO_URL={text}: must look like http://127.0.0.1:9000")
    if is_zohos(text):
        raise Failure(f"ZOHO_URL={text}: the local stage works with a simulator, never with Zoho itself")
    return text.rstrip("/")
