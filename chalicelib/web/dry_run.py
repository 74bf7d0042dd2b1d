"""`?dry_run=true` on the operators' calls: what would happen, told by the same endpoint over ports that write
nothing (contract section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document
from chalicelib.domain.errors import Field, NotValid
from chalicelib.service import dry_run
from chalicelib.web import responses
from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.operator import OperatorEndpoints
from chalicelib.web.operator_people import PersonEndpoints
from chalicelib.web.operator_policies import PolicyEndpoints

DRY_RUN = "dry_run"
#: Endpoints whose calls name their org in the query.
_OF_AN_ORG = frozenset({"set_hold", "remove_hold", "put", "remove", "run", "put_person_map"})
_TRUTH = {"true": True, "false": False}


def answered(
    endpoints: OperatorEndpoints | PolicyEndpoints | PersonEndpoints, name: str, request: HttpRequest
) -> Answer:
    """The answer of the endpoint `name` to a call that changes something and has a query.

    Raises NotValid for a parameter that the call does not take: a misspelled `dry_run` would do in earnest
    what was only to be tried.
    """
    method: Callable[[HttpRequest], Answer]
    if not _asked(name, request.query):
        method = getattr(endpoints, name)
        return method(request)
    if isinstance(endpoints, PersonEndpoints):
        method = getattr(replace(endpoints, people=dry_run.People(endpoints.people), note=_unsaid), name)
        return method(request)
    deliveries, twin = _twin(endpoints)
    method = getattr(twin, name)
    answer = method(request)
    if deliveries.stored is not None:
        return responses.ok(200, _would_be(deliveries.stored))
    return replace(answer, status=200)


def _asked(name: str, query: Mapping[str, str]) -> bool:
    takes = {DRY_RUN, "org"} if name in _OF_AN_ORG else {DRY_RUN}
    unknown = [Field(f"/{each}", "is not known here") for each in sorted(query.keys() - takes)]
    given = query.get(DRY_RUN, "false")
    if given not in _TRUTH:
        unknown.append(Field(f"/{DRY_RUN}", "must be true or false"))
    if unknown:
        raise NotValid("the request is not valid", tuple(unknown))
    return _TRUTH[given]


def _twin(
    endpoints: OperatorEndpoints | PolicyEndpoints,
) -> tuple[dry_run.Deliveries, OperatorEndpoints | PolicyEndpoints]:
    """The endpoints over ports that write nothing, and what it would have stored."""
    no_nudges = dry_run.NoNudges()
    if isinstance(endpoints, PolicyEndpoints):
        run_intake = endpoints.policies.run_intake
        deliveries = dry_run.Deliveries(run_intake.deliveries)
        run_intake = replace(run_intake, deliveries=deliveries, nudges=no_nudges)
        store = dry_run.Store(endpoints.policies.store)
        return deliveries, replace(
            endpoints, policies=replace(endpoints.policies, store=store, run_intake=run_intake), note=_unsaid
        )
    acceptance = endpoints.operators.acceptance
    deliveries = dry_run.Deliveries(acceptance.deliveries)
    operators = replace(
        endpoints.operators,
        deletions=dry_run.Deletions(endpoints.operators.deletions),
        nudges=no_nudges,
        acceptance=replace(acceptance, deliveries=deliveries, nudges=no_nudges),
    )
    return deliveries, replace(
        endpoints,
        operators=operators,
        orgs=dry_run.Orgs(endpoints.orgs),
        log=dry_run.Log(endpoints.log),
        note=_unsaid,
    )


def _would_be(deletion: Deletion) -> dict[str, Any]:
    """The status document of a deletion that was not stored: it has no id, and no link."""
    return {
        **document(deletion),
        "id": None,
        "asked_by": deletion.asked_by,
        "approved_by": None,
        "reason": deletion.request.reason,
        "calls": 0,
        "links": None,
    }


def _unsaid(_what: str, /, **_facts: object) -> None:
    """Logs and counts nothing."""
