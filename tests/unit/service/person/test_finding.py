"""Finding takes as many slices as the org has modules for, asks several questions at once, and none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from chalicelib.domain.zoho.asking import PAGE
from chalicelib.domain.zoho.reply import Reply
from tests.fake_zoho import LOST
from tests.unit.service.person.people import EMAIL, EMAIL_ONLY, People

SECONDS = 6.0  # of each call for fields: with ten at once three waves fit a slice of 20 s


def many(world: People, modules: int) -> None:
    for n in range(modules):
        world.zoho.add_module(f"Custom_{n}", EMAIL, kind="custom")


def slow(world: People, clock: list[float]) -> Callable[[Callable[[], Reply]], Reply]:
    """A call that takes its time; ten at once take it together."""

    def answer(work: Callable[[], Reply]) -> Reply:
        clock.append(1)
        if len(clock) % 10 == 0:
            world.now += SECONDS
        return work()

    return answer


def test_the_fields_of_many_modules_are_read_over_several_slices_and_none_twice() -> None:
    world, clock = People(), list[float]()
    many(world, 60)
    world.zoho.script["fields"] = [slow(world, clock)] * 500
    one = world.erase(EMAIL_ONLY, dry_run=True)
    world.settle()
    assert world.shown(one)["status"] == "completed"
    asked = Counter(world.zoho.sent("fields"))
    assert set(asked.values()) == {1}
    assert len(asked) == len(world.zoho.people)
    assert len(world.zoho.sent("modules")) > 1


def test_what_was_read_before_an_answer_was_lost_is_not_asked_for_again() -> None:
    world = People()
    many(world, 30)
    world.zoho.script["fields"] = [lambda work: work()] * 15 + [LOST]
    one = world.erase(EMAIL_ONLY, dry_run=True)
    world.settle()
    assert world.shown(one)["status"] == "completed"
    asked = Counter(world.zoho.sent("fields"))
    assert sorted(asked.values())[-2:] == [1, 2]
    assert sum(asked.values()) == len(world.zoho.people) + 1


def test_every_page_of_a_question_is_read_though_others_are_asked_beside_it() -> None:
    world = People()
    many(world, 12)
    for n in range(1, PAGE + 50):
        world.zoho.add_person("Custom_3", str(50_000 + n), Email=f"hanna{n}.anna@example.com")
    world.zoho.add_person("Custom_3", "99001", Email="Anna@example.com")
    world.zoho.add_person("Custom_11", "99002", Email="anna@example.com")
    one = world.erase(EMAIL_ONLY, dry_run=True)
    world.settle()
    found = world.shown(one)["plan"]["by_module"]
    assert (found["Custom_3"], found["Custom_11"]) == (1, 1)
    pages = [page for module, _, page in world.zoho.sent("search") if module == "Custom_3"]
    assert set(pages) == {1, 2}


def test_what_belongs_to_records_before_one_that_was_not_answered_is_not_read_again() -> None:
    world = People()
    many(world, 1)
    for n in range(5):
        world.zoho.add_person("Custom_0", str(60_000 + n), Email="eve@example.com")
        world.zoho.people["Custom_0"].related_lists = world.zoho.people["Contacts"].related_lists
        world.zoho.belongs["Custom_0", str(60_000 + n), "Notes"] = [str(70_000 + n)]
    world.zoho.script["related_counts"] = [lambda work: work()] * 2 + [LOST]
    one = world.erase({**EMAIL_ONLY, "emails": ["eve@example.com"]}, dry_run=True)
    world.settle()
    asked = Counter(record for _, record, _ in world.zoho.sent("related_counts"))
    assert world.shown(one)["plan"]["goes_along"]["Notes"] == 5
    assert max(asked.values()) == 2
    assert asked[min(asked)] == 1
