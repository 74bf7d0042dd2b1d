"""An org's secret cannot be used: its clock adds up, ends by its own success, and stands still for a job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.backoff import ACCESS
from chalicelib.domain.errors import SecretUnusable
from chalicelib.domain.request import Freeze
from chalicelib.domain.status import Status
from chalicelib.service.zoho_port import Zoho
from tests.unit.service.world import TIMEOUTS, World


class Secret:
    """The way to Zoho, which a broken secret closes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.broken = False

    def reach(self, org: str, deadline: float) -> Zoho:
        del deadline
        if self.broken:
            raise SecretUnusable(org, "not JSON")
        return self.world.zoho


def _run_for(world: World, one: str, seconds: float) -> None:
    end = world.now + seconds
    while world.ledger.rows[one].next_at < end and world.ledger.rows[one].due:
        world.now = max(world.now, world.ledger.rows[one].next_at)
        world.step(one)
    world.now = end


def _world(job_seconds: float) -> tuple[World, Secret]:
    world = World([str(i) for i in range(1, 10)])
    world.zoho.job_seconds = job_seconds
    secret = Secret(world)
    world.deps = world.with_zoho(secret.reach)
    return world, secret


@pytest.mark.parametrize("freeze", [Freeze.AUTO, Freeze.NEVER])
def test_while_a_job_runs_an_unusable_secret_ends_nothing_before_the_jobs_age(freeze: Freeze) -> None:
    world, secret = _world(job_seconds=50)
    one = world.accept("mass_delete", cvid="5", freeze=freeze)
    world.step(one)
    secret.broken = True
    _run_for(world, one, TIMEOUTS.give_up * 2)
    assert world.get(one).waiting_for == "zoho credentials"
    secret.broken = False
    world.settle()
    assert (world.get(one).status, world.get(one).counts.deleted) == (Status.COMPLETED, 9)


def test_time_in_which_the_secret_could_be_used_is_no_failing_time_of_it() -> None:
    world, secret = _world(job_seconds=0)
    world.zoho.locked = {"1"}
    world.deps = replace(world.deps, timeouts=replace(TIMEOUTS, give_up=1000, longest=100))
    one = world.accept("delete_records", ids=("1", "2"))
    for _ in range(3):
        secret.broken = True
        _run_for(world, one, 120)
        secret.broken = False
        _run_for(world, one, 200)
        assert ACCESS not in world.get(one).failing
        assert not world.get(one).is_final


def test_a_secret_that_stays_unusable_ends_it() -> None:
    world, secret = _world(job_seconds=0)
    secret.broken = True
    one = world.accept("delete_records", ids=("1", "2"))
    world.settle()
    assert world.get(one).status is Status.FAILED
    assert [(p.code, p.count) for p in world.get(one).problems] == [("SECRET_UNUSABLE", 2)]
