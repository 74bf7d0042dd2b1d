"""What a search costs is told before its first call, and how far it is while it goes on."""

from __future__ import annotations

from tests.unit.service.person.people import EMAIL_ONLY, People


def test_the_calls_of_a_search_are_told_before_the_first_of_them() -> None:
    world = People()
    one = world.erase(EMAIL_ONLY)
    told = []

    def look(_work: object) -> None:
        told.append(dict(world.shown(one)["search"]))

    real = world.zoho.search

    def search(*given: object) -> object:
        look(None)
        return real(*given)  # type: ignore[arg-type]  # handed on as it came

    world.zoho.__dict__["search"] = search
    assert world.shown(one)["search"] is None
    world.until_asked(one)
    shown = world.shown(one)["search"]
    assert told[0] == {"calls": shown["calls"], "made": 0}
    assert shown["made"] == shown["calls"]
    asked = len(world.zoho.sent("search"))
    assert 0 < asked <= shown["calls"]


def test_a_search_says_how_far_it_is() -> None:
    world = People()
    for n in range(40):
        world.zoho.add_module(f"Custom_{n}", *world.zoho.people["Contacts"].fields, kind="custom")
    one = world.erase(EMAIL_ONLY, dry_run=True)
    seen = set()
    real = world.zoho.select

    def select(selection: object) -> object:
        seen.add((world.shown(one)["search"] or {}).get("made"))
        return real(selection)  # type: ignore[arg-type]  # handed on as it came

    world.zoho.__dict__["select"] = select
    world.settle()
    assert len(seen) > 3
    assert world.shown(one)["plan"]["records"] == 6
