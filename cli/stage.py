"""The parts of one stage by their names, and its settings as its functions have them."""

from __future__ import annotations

from typing import Any

from cli.place import Place

FUNCTIONS = ("api", "work", "poll", "retention")


def part(place: Place, name: str = "") -> str:
    """The name of a part of the stage, as infra/resources.json gives it: `expunge-{stage}-{name}`."""
    return f"expunge-{place.stage}-{name}" if name else f"expunge-{place.stage}"


def settings(place: Place, function: str) -> dict[str, str]:
    """The environment of one of the stage's functions."""
    found: Any = place.client("lambda").get_function_configuration(FunctionName=part(place, function))
    variables: dict[str, str] = found.get("Environment", {}).get("Variables", {})
    return variables


def setting(place: Place, function: str, name: str, default: str = "") -> str:
    """One setting of the stage."""
    return settings(place, function).get(name, default)


def allows_custom_hosts(place: Place) -> bool:
    """May an org's secret name hosts of its own on this stage?"""
    return setting(place, "work", "EXPUNGE_ALLOW_CUSTOM_ZOHO_HOSTS") == "true"
