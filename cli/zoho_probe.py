"""Asks Zoho for a token and looks around in an org: nothing here changes anything at Zoho."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from chalicelib.adapters.zoho.hosts import honoured
from chalicelib.adapters.zoho.http import Connections, new_session
from chalicelib.adapters.zoho.request import Ask, body, target
from chalicelib.adapters.zoho.token_store import refresh_request
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.zoho_port import Org
from cli import zoho_scopes, zoho_words
from cli.zoho_words import Trouble

#: One call may take so long (seconds).
LONGEST_WAIT = 20.0
#: What Zoho says of a token that is no longer good.
DEAD = frozenset({"INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"})
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_NO_JOB = "0"


class Refusal(Exception):
    """Zoho gave no token: `trouble` says why and what to do."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.what)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Granted:
    """A good token answer. `scopes`: None where the answer names none."""

    access_token: str = field(repr=False)
    api_domain: str
    scopes: frozenset[str] | None
    refresh_token: str = field(default="", repr=False)


def new_connections() -> Connections:
    """Connections for one command: no redirects, no proxies, no repeats."""
    return Connections(new_session(2), time.time)


def refreshed(connections: Connections, org: Org) -> Granted:
    """A fresh access token from the org's refresh token: one of ten in ten minutes. Raises Refusal."""
    return _granted(connections, org, refresh_request(org), grant=False)


def exchanged(connections: Connections, org: Org, code: str) -> Granted:
    """The refresh token for a grant code, which is spent by it. Raises Refusal."""
    form = {
        "grant_type": "authorization_code",
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "code": code,
    }
    ask = Ask("POST", "/oauth/v2/token", _FORM, urlencode(form).encode())
    granted = _granted(connections, org, ask, grant=True)
    if not granted.refresh_token:
        what = "Zoho's answer to the grant code has no refresh token"
        mend = "make the code with a Self Client (not another kind of client) and run this again"
        raise Refusal(Trouble("no_refresh_token", what, mend))
    return granted


def _granted(connections: Connections, org: Org, ask: Ask, *, grant: bool) -> Granted:
    reply = connections.send(org.accounts_url, ask, time.time() + LONGEST_WAIT)
    answer = reply.body or {}
    token = answer.get("access_token")
    if reply.error is not None or not isinstance(token, str) or not token:
        raise Refusal(zoho_words.of_token(reply, org.accounts_url, org.data_center, grant=grant))
    return Granted(
        token,
        str(answer.get("api_domain") or ""),
        zoho_scopes.listed(answer.get("scope")),
        str(answer.get("refresh_token") or ""),
    )


@dataclass(frozen=True)
class Probe:
    """Harmless reads of one org with one access token. `api_url`: where the token may be sent."""

    connections: Connections
    org: Org
    api_url: str
    access_token: str = field(repr=False)

    def get(self, *path: str, **query: str) -> Reply:
        """GET /crm/{version}/{path}."""
        return self._send(Ask("GET", target(self.org.api_version, path, query), self._headers()))

    def coql(self, query: str) -> Reply:
        """POST /coql, which only reads."""
        ask = Ask(
            "POST",
            target(self.org.api_version, ("coql",)),
            self._headers(),
            body({"select_query": query}),
        )
        return self._send(ask)

    def organisation(self) -> Reply:
        """GET /org."""
        return self.get("org")

    def user(self) -> Reply:
        """GET /users?type=CurrentUser."""
        return self.get("users", type="CurrentUser")

    def scope_gaps(self, wanted: Iterable[str], modules: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """(scopes that Zoho refuses, scopes that no harmless call can try).

        For token answers that name no scopes. `modules`: API names by their names in scopes.
        """
        gaps, unseen = [], []
        for scope in wanted:
            reply = self._try(scope, modules)
            if reply is None:
                unseen.append(scope)
            elif reply.error is not None and reply.error.code == "OAUTH_SCOPE_MISMATCH":
                gaps.append(scope)
        return gaps, unseen

    def _try(self, scope: str, modules: Mapping[str, str]) -> Reply | None:
        _, group, *rest = scope.split(".")
        any_module = next(iter(modules.values()), "Leads")
        module = modules.get(rest[0], any_module) if rest else any_module
        if group == "modules" and rest[-1] == "READ":
            return self.get(module, fields="id", per_page="1")
        if group == "mass_delete" and rest[-1] == "READ":
            return self.get(module, "actions", "mass_delete", job_id=_NO_JOB)
        if group == "settings" and rest[0] != "recycle_bin":
            return self.get("settings", rest[0], module=any_module)
        if group == "coql":
            return self.coql(f"select id from {any_module} where id is not null limit 1")  # noqa: S608 (COQL)
        return None

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Zoho-oauthtoken {self.access_token}"}

    def _send(self, ask: Ask) -> Reply:
        return self.connections.send(self.api_url, ask, time.time() + LONGEST_WAIT)


def entered(connections: Connections, org: Org, granted: Granted) -> Probe:
    """The org with a token that was just given, at the address that the service would use with it."""
    url = honoured(granted.api_domain, org.api_url, org.environment)
    return Probe(connections, org, url, granted.access_token)


def first(reply: Reply, container: str) -> dict[str, Any]:
    """The first of what Zoho lists under `container`; empty where there is none."""
    listed = (reply.body or {}).get(container)
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def words_of(reply: Reply) -> str:
    """An answer that is no success, in a few words."""
    if reply.status is None:
        return f"no answer ({reply.failure or 'no connection'})"
    return f"HTTP {reply.status}" + (f" {reply.error.code}" if reply.error else "")
