"""The lock files: which version of a package, and which files of it, may be used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.failure import Failure

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)(?P<rest>.*)", re.DOTALL)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package of a lock: its exact version, and the SHA-256 (hex) of every file that may be taken."""

    name: str
    version: str
    hashes: frozenset[str]

    def line(self) -> str:
        """The package as a line for pip."""
        return f"{self.name}=={self.version} " + " ".join(
            f"--hash=sha256:{each}" for each in sorted(self.hashes)
        )


def normal(name: str) -> str:
    """A package's name in the one spelling that is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(text: str, called: str) -> dict[str, Pinned]:
    """The packages of the lock `text` by name. Raises Failure, with the file's name `called`, for a line that
    is not an exact version with hashes: a marker would be judged for the Python that packages, not for the
    runtime.
    """
    found: dict[str, Pinned] = {}
    for line in _lines(text):
        pin = _PIN.fullmatch(line)
        hashes = frozenset(_HASH.findall(pin["rest"])) if pin else frozenset()
        if not pin or not hashes or ";" in pin["rest"]:
            raise Failure(
                f"{called}: {line[:60]}: must be name==version with hashes; make lock writes it anew"
            )
        name = normal(pin["name"])
        found[name] = Pinned(name, pin["version"], hashes)
    return found


def _lines(text: str) -> list[str]:
    """The lines without comments, with continued ones joined."""
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [each.strip() for each in "\n".join(kept).replace("\\\n", " ").splitlines() if each.strip()]
