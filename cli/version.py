"""Which version of `expunge` this is: that of the public contract, from the one place that has it."""

from __future__ import annotations

import tomllib
from importlib import metadata

from local.settings import ROOT


def version() -> str:
    """Of the clone that it runs from, else of the package that was installed. "unknown" where neither is."""
    project = ROOT / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return metadata.version("expunge")
    except metadata.PackageNotFoundError:
        return "unknown"
