"""The parts of one stage by their names, and its settings as its functions have them."""

from __future__ import annotations

from typing import Any

from cli.target import Target


def part(target: Target, name: str = "") -> str:
    """The name of a part of the stage, as infra/resources.json gives it: `expunge-{stage}-{name}`."""
    return f"expunge-{target.stage}-{name}" if name else f"expunge-{target.stage}"


def settings(target: Target, function: str) -> dict[str, str]:
    """The environment of one of the stage's functions."""
    found: Any = target.client("lambda").get_function_configuration(FunctionName=part(target, function))
    variables: dict[str, str] = found.get("Environment", {}).get("Variables", {})
    return variables


def setting(target: Target, function: str, name: str, default: str = "") -> str:
    """One setting of the stage."""
    return settings(target, function).get(name, default)


def allows_custom_hosts(target: Target) -> bool:
    """May an org's secret name hosts of its own on this stage?"""
    return setting(target, "work", "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS") == "true"
