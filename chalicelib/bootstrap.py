"""The only place that builds adapters: lazily, once per process, and for each function only what it needs."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from secrets import token_bytes, token_urlsafe
from typing import TYPE_CHECKING, Any

from chalicelib import observability
from chalicelib.adapters import aws
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.groups import Groups
from chalicelib.adapters.queue import WorkQueue
from chalicelib.config import Config, from_environment

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.policy_items import PolicyTable
    from chalicelib.adapters.evidence.bucket import Bucket
    from chalicelib.adapters.secrets import Secret
    from chalicelib.domain.backoff import Timeouts
    from chalicelib.service.engine.deps import Deps
    from chalicelib.service.engine.turns import Turns
    from chalicelib.service.evidence.tools import Tools as EvidenceTools
    from chalicelib.service.intake.accept import Acceptance
    from chalicelib.service.retention.retain import Retention
    from chalicelib.web.operator import OperatorEndpoints
    from chalicelib.web.operator_people import PersonEndpoints
    from chalicelib.web.operator_policies import PolicyEndpoints
    from chalicelib.web.routes import PublicEndpoints

#: Kept back from a function's time for the last writes (seconds).
SPARE_SECONDS = 5.0
#: The same for evidence, which signs and writes what it has begun (seconds).
EVIDENCE_SPARE_SECONDS = 15.0
#: As many due deletions are looked through for another org's, the newest.
NEWEST_DUE = 1000
#: How long Zoho's token endpoint stays closed after "Access Denied"; a quick stage asks sooner.
TOKEN_BLOCK_SECONDS = 600.0


@cache
def config() -> Config:
    """The stage's settings. Raises BadSetting."""
    return from_environment(os.environ)


@cache
def table() -> Table:
    """The ledger."""
    stage = config()
    return Table(
        stage.table,
        partial(aws.client, "dynamodb"),
        shards=stage.due_shards,
        epoch=stage.epoch,
        evidence=stage.evidence,
        seen=lambda deletion: groups().note(deletion),
        report=observability.note,
    )


@cache
def groups() -> Groups:
    """What makes the queue fair."""
    return Groups(lambda deletion_ids: table().get_many(deletion_ids))


@cache
def nudges() -> WorkQueue:
    """The work queue."""
    client = partial(aws.client, "sqs")
    told = observability.note
    return WorkQueue(config().work_queue_url, client, told, observability.correlation, groups().of)


@cache
def turns() -> Turns | None:
    """What keeps one org from holding all workers. None where their number is not told: to all but work."""
    from chalicelib.service.engine.turns import Turns

    stage = config()
    if not stage.workers:
        return None
    return Turns(
        leases=table(),
        other_due=lambda org, now: groups().other_org(org, table().newest_due(now, NEWEST_DUE)),
        workers=stage.workers,
        owner=token_urlsafe(12),
        clock=time.time,
        chance=random.random,
        report=lambda reason: observability.note("turn_unknown", reason=reason),
    )


@cache
def deps() -> Deps:
    """What moves deletions forward: for work and poll, which may talk to Zoho and publish."""
    from chalicelib.adapters.phones import PhoneNumbers
    from chalicelib.adapters.topic import ResultsTopic
    from chalicelib.adapters.zoho.orgs import Stage, ZohoOrgs
    from chalicelib.adapters.zoho.token import Tools
    from chalicelib.service.engine.deps import Deps
    from chalicelib.service.executors import executor_of

    stage = config()
    hosts = Stage(
        f"expunge/{stage.stage}/zoho/",
        stage.secret_cache_seconds,
        stage.allow_custom_zoho_hosts,
        stage.secrets_key,
    )
    tools = Tools(
        clock=time.time,
        sleep=time.sleep,
        chance=random.random,
        owner=token_urlsafe(12),
        block_seconds=min(TOKEN_BLOCK_SECONDS, stage.max_wait_seconds),
        report=observability.note,
    )
    orgs = ZohoOrgs(aws.client("secretsmanager"), hosts, table(), tools)
    return Deps(
        ledger=table(),
        leases=table(),
        nudges=nudges(),
        topic=ResultsTopic(stage.topic_arn, partial(aws.client, "sns")),
        zoho=orgs,
        executor_of=executor_of,
        clock=time.time,
        chance=random.random,
        sleep=time.sleep,
        report=observability.note,
        stage=stage.stage,
        timeouts=timeouts(stage),
        slice_seconds=stage.slice_seconds,
        lease_seconds=stage.lease_seconds,
        recent=table(),
        loop_window=stage.loop_window_seconds,
        phones=PhoneNumbers(),
        measure=observability.measure,
        orgs=groups().orgs,
        turns=turns(),
        about=observability.about,
        records=records_files() if stage.evidence_bucket else None,
        evidence=stage.evidence,
        forget_days=stage.forget_days,
    )


def deps_until(context: Any) -> Deps:
    """The adapters and settings for one invocation: nothing lasts longer than the function's own time."""
    left: Callable[[], int] = context.get_remaining_time_in_millis
    return replace(deps(), ends_at=time.time() + left() / 1000 - SPARE_SECONDS)


@cache
def records_files() -> Bucket:
    """The records files, for who may remove them."""
    from chalicelib.adapters.evidence.bucket import Bucket

    stage = config()
    account = stage.evidence_key.split(":")[4]
    s3 = partial(aws.client, "s3")
    return Bucket(stage.evidence_bucket, account, stage.evidence_lock, stage.evidence_days, s3, time.time)


@cache
def policy_table() -> PolicyTable:
    """Where the retention policies lie."""
    from chalicelib.adapters.dynamodb.policy_items import PolicyTable

    return PolicyTable(config().table, partial(aws.client, "dynamodb"))


@cache
def retention() -> Retention:
    """What the retention schedule works with. It never talks to Zoho."""
    from chalicelib.adapters.cron import next_time
    from chalicelib.service.retention.policy_run import RunIntake
    from chalicelib.service.retention.retain import Retention

    stage = config()
    run_intake = RunIntake(table(), nudges(), stage.stage, stage.keep_days)
    return Retention(policy_table(), run_intake, next_time, observability.note)


@cache
def evidence() -> EvidenceTools:
    """What writes evidence: it signs, and changes no deletion."""
    from chalicelib.adapters.dynamodb.evidence_items import Book
    from chalicelib.adapters.evidence.bucket import Bucket
    from chalicelib.adapters.evidence.signer import Signer
    from chalicelib.adapters.topic import ResultsTopic
    from chalicelib.service.evidence.tools import Tools

    stage = config()
    account = stage.evidence_key.split(":")[4]
    s3 = partial(aws.client, "s3")
    return Tools(
        book=Book(table(), time.time, stage.keep_days),
        objects=Bucket(
            stage.evidence_bucket, account, stage.evidence_lock, stage.evidence_days, s3, time.time
        ),
        signer=Signer(stage.evidence_key, partial(aws.client, "kms")),
        nudges=nudges(),
        topic=ResultsTopic(stage.topic_arn, partial(aws.client, "sns")),
        clock=time.time,
        stage=stage.stage,
        owner=token_urlsafe(12),
        report=observability.note,
        measure=observability.measure,
    )


def timeouts(stage: Config) -> Timeouts:
    """The stage's waits."""
    from chalicelib.domain.backoff import Timeouts

    return Timeouts(
        longest=stage.max_wait_seconds,
        give_up=stage.give_up_seconds,
        job_age=stage.job_max_age_seconds,
        settle=stage.settle_seconds,
        tell_waiting=stage.waiting_event_seconds,
        approval=stage.approval_seconds,
        wait=stage.longest_wait_seconds,
    )


@cache
def secret(name: str) -> Secret:
    """A secret that the API reads, kept for a while."""
    from chalicelib.adapters.secrets import Secret

    client = partial(aws.client, "secretsmanager")
    return Secret(name, client=client, keep=config().secret_cache_seconds, clock=time.monotonic)


@cache
def acceptance() -> Acceptance:
    """What accepting a request takes."""
    from chalicelib.service.intake.accept import Acceptance

    stage = config()
    return Acceptance(
        table(),
        nudges(),
        token_bytes,
        stage.stage,
        stage.keep_days,
        observability.measure,
        reference_digest,
    )


def reference_digest(reference: str) -> str:
    """What a deletion is found by once its reference is forgotten."""
    from chalicelib.web import links

    newest = links.keys_from(secret(config().links_secret).value())[0]
    return links.reference_digest(reference, newest)


@cache
def operator_endpoints() -> OperatorEndpoints:
    """What stands behind the operator routes: for api."""
    from chalicelib.service.operators.commands import Operators
    from chalicelib.web.operator import OperatorEndpoints

    stage = config()
    return OperatorEndpoints(
        operators=Operators(table(), nudges(), acceptance(), stage.four_eyes),
        orgs=table(),
        log=table(),
        sources=secret(stage.sources_secret),
        links=secret(stage.links_secret),
        note=observability.note,
        clock=time.time,
        max_ids=stage.max_ids,
        public_url=stage.public_url,
    )


@cache
def policy_endpoints() -> PolicyEndpoints:
    """What stands behind the policies' routes: for api, which never talks to Zoho."""
    from chalicelib.adapters.cron import next_time
    from chalicelib.service.retention.policies import Policies
    from chalicelib.service.retention.policy_run import RunIntake
    from chalicelib.web.operator_policies import PolicyEndpoints

    stage = config()
    run_intake = RunIntake(table(), nudges(), stage.stage, stage.keep_days)
    return PolicyEndpoints(
        policies=Policies(policy_table(), run_intake, next_time),
        links=secret(stage.links_secret),
        note=observability.note,
        clock=time.time,
        public_url=stage.public_url,
    )


@cache
def person_endpoints() -> PersonEndpoints:
    """What stands behind the routes about erasing people: for api, which never talks to Zoho."""
    from chalicelib.web.operator_people import PersonEndpoints

    return PersonEndpoints(table(), observability.note, time.time)


@cache
def public_endpoints() -> PublicEndpoints:
    """What stands behind the HTTP routes: for api, which never talks to Zoho."""
    from chalicelib.web.intake import Intake
    from chalicelib.web.routes import PublicEndpoints
    from chalicelib.web.status import Reading

    stage = config()
    links = secret(stage.links_secret)
    intake = Intake(
        outside=acceptance(),
        sources=secret(stage.sources_secret),
        links=links,
        note=observability.note,
        clock=time.time,
        max_ids=stage.max_ids,
        token_window=stage.token_window_seconds,
        public_url=stage.public_url,
    )
    named = "" if stage.stage == "local" else stage.stage
    reading = Reading(table(), links, partial(token_urlsafe, 16), named, stage.evidence)
    return PublicEndpoints(intake, reading)
