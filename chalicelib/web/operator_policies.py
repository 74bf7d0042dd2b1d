"""The operators' endpoints for retention policies (contract section 4). IAM has vouched for the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.callers import Caller
from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import receipt
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.retention import policy as reading
from chalicelib.domain.retention.policy import POLICY_NAME
from chalicelib.domain.source import ORG_NAME
from chalicelib.service.retention import policies
from chalicelib.service.retention.policies import Policies
from chalicelib.web import links, responses, strict_json
from chalicelib.web.http import Answer, HttpRequest, public_url
from chalicelib.web.intake import MOST_BYTES, Note, Secret
from chalicelib.web.signature import Unauthorized


@dataclass(frozen=True, slots=True)
class PolicyEndpoints:
    """The endpoints with what they need. Methods raise what responses.refusal turns into answers."""

    policies: Policies
    links: Secret
    note: Note
    clock: Callable[[], float]
    public_url: str = ""

    def listed(self, request: HttpRequest) -> Answer:
        """GET policies: those of the query's org, by name."""
        self._caller(request)
        found = self.policies.store.policies(_org(request))
        now = self.clock()
        return responses.ok(200, {"policies": [policies.shown(self.policies, one, now) for one in found]})

    def get(self, request: HttpRequest) -> Answer:
        """GET policies/{name}."""
        self._caller(request)
        kept = policies.get(self.policies, _org(request), _name(request))
        return responses.ok(200, policies.shown(self.policies, kept, self.clock()))

    def put(self, request: HttpRequest) -> Answer:
        """PUT policies/{name}: the whole policy; what it leaves out has its default."""
        caller = self._caller(request)
        policy = reading.parse(_body(request), name=_name(request), org=_org(request))
        kept = policies.put(self.policies, policy, caller)
        self.note("PolicyPut", org=kept.org, policy=kept.name, revision=kept.revision)
        return responses.ok(200, policies.shown(self.policies, kept, caller.now))

    def remove(self, request: HttpRequest) -> Answer:
        """DELETE policies/{name}: the policy as it was."""
        caller = self._caller(request)
        kept = policies.remove(self.policies, _org(request), _name(request), caller)
        self.note("PolicyRemoved", org=kept.org, policy=kept.name)
        return responses.ok(200, policies.shown(self.policies, kept, self.clock()))

    def run(self, request: HttpRequest) -> Answer:
        """POST policies/{name}/run: {"dry_run"?, "policy"?}. With `policy` that one is tried, and `dry_run`
        has to be true; without it the stored one runs. The answer is a receipt, as of any other deletion.
        """
        caller = self._caller(request)
        org, name = _org(request), _name(request)
        body = _body(request) if request.body.strip() else {}
        _check_run(body)
        dry_run = body.get("dry_run", False)
        if "policy" in body:
            policy = _candidate(body["policy"], name, org)
            deletion = policies.check(self.policies, policy, caller)
        else:
            deletion = policies.run(self.policies, org, name, caller, dry_run=dry_run)
        self.note("PolicyRun", org=org, policy=name, deletion=deletion.id)
        return self._receipt(request, deletion)

    def _caller(self, request: HttpRequest) -> Caller:
        """Who IAM let in. A route that was left open by mistake lets nobody in."""
        if not request.caller:
            raise Unauthorized("no_caller")
        return Caller(request.caller, self.clock())

    def _receipt(self, request: HttpRequest, deletion: Deletion) -> Answer:
        base, keys = public_url(request, self.public_url), links.keys_from(self.links.value())
        link = links.link(base, deletion.id, keys)
        return responses.ok(202, {**receipt(deletion), "links": {"self": link}})


def _org(request: HttpRequest) -> str:
    org = request.query.get("org", "default")
    if not ORG_NAME.fullmatch(org):
        raise NotValid("the request is not valid", (Field("/org", f"must match {ORG_NAME.pattern}"),))
    return org


def _name(request: HttpRequest) -> str:
    name = request.path_params.get("name", "")
    if not POLICY_NAME.fullmatch(name):
        raise responses.NotFound
    return name


def _body(request: HttpRequest) -> Any:
    if len(request.body) > MOST_BYTES:
        raise responses.TooLarge(MOST_BYTES)
    return strict_json.parse(request.body)


def _check_run(body: Any) -> None:
    """Raises NotValid for anything but {"dry_run"?: bool, "policy"?: object}."""
    problems = []
    if not isinstance(body, dict):
        raise NotValid("the request is not valid", (Field("", "the body must be a JSON object"),))
    problems += [
        Field(strict_json.pointer("", name), "is not known here")
        for name in body.keys() - {"dry_run", "policy"}
    ]
    if not isinstance(body.get("dry_run", False), bool):
        problems.append(Field("/dry_run", "must be true or false"))
    elif "policy" in body and not body.get("dry_run"):
        problems.append(Field("/dry_run", "must be true: a policy that is not stored can only be tried"))
    if problems:
        raise NotValid("the request is not valid", tuple(problems))


def _candidate(document: Any, name: str, org: str) -> reading.Policy:
    """A policy that is not stored; its problems have their places below /policy."""
    try:
        return reading.parse(document, name=name, org=org)
    except NotValid as problem:
        below = tuple(Field(f"/policy{each.path}", each.problem) for each in problem.fields)
        raise NotValid(problem.message, below) from problem
