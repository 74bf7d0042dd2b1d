"""Zoho orgs by name: their secrets, and the clients made from them. A new org is a new secret, nothing
else.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.secrets import CachedSecret
from chalicelib.adapters.zoho.access import Access, Link
from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.adapters.zoho.http import Connections, new_session
from chalicelib.adapters.zoho.org_secret import NAME, BadSecret, parse_org
from chalicelib.adapters.zoho.token import Broker, Shared, Tools
from chalicelib.adapters.zoho.token_store import SecretTokenStore
from chalicelib.domain.errors import SecretUnusable, Unavailable
from chalicelib.service.zoho_port import Org

#: After refused credentials the secret is fetched anew: once at once, then once in REFETCH_SECONDS.
REFETCHES_AT_ONCE = 1
#: Orgs that a process keeps connections of: a Lambda function has 1,024 file descriptors for everything.
MOST_ORGS = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """What of the stage's settings matters here. `prefix`: of the secrets' names, `expunge/{stage}/zoho/`."""

    prefix: str
    cache_seconds: float
    custom_hosts: bool = False
    key: str = ""  # ARN of the KMS key for secrets that are made here


@dataclass(slots=True)
class _Known:
    secret: CachedSecret[Org]
    link: Link | None = None


class ZohoOrgs:
    """The ZohoFactory: clients by the name of their org, with connections and tokens kept for the process."""

    def __init__(self, secrets: Any, stage: Stage, table: Shared, tools: Tools) -> None:
        """`secrets`: boto3's client of Secrets Manager."""
        self._secrets = secrets
        self._stage = stage
        self._table = table
        self._tools = tools
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def __call__(self, org: str, deadline: float) -> ZohoClient:
        """The client of an org. Raises SecretUnusable, and Unavailable where Secrets Manager is out of
        reach.
        """
        return ZohoClient(self._access(org), deadline)

    def _access(self, name: str) -> Access:
        return Access(self._link(name), self._fresh)

    def _link(self, name: str) -> Link:
        with self._lock:
            known = self._known.get(name) or _Known(self._secret(name))
            return self._linked(known, known.secret.value())

    def _fresh(self, link: Link) -> Link | None:
        """A link from the secret as it is now, after `link`'s credentials were refused; None where it is
        the same.
        """
        with self._lock:
            known = self._known.get(link.org.name) or _Known(self._secret(link.org.name), link)
            if known.link is not None and known.link.org != link.org:
                return known.link
            try:
                org = known.secret.fresh()
            except Unavailable:
                return None
            return None if org is None or org == link.org else self._linked(known, org)

    def _linked(self, known: _Known, org: Org) -> Link:
        """What reaches the org as its secret stands; only what could be read is kept."""
        if known.link is None or known.link.org != org:
            known.link = self._made(org, known.link)
        self._known[org.name] = known
        self._forget_the_oldest()
        return known.link

    def _forget_the_oldest(self) -> None:
        """Lets go of the orgs read longest ago; whoever still holds one goes on with new connections."""
        while len(self._known) > MOST_ORGS:
            oldest = min(self._known, key=lambda name: self._known[name].secret.fetched_at)
            link = self._known.pop(oldest).link
            if link is not None:
                link.connections.session.close()

    def _made(self, org: Org, before: Link | None) -> Link:
        """A new link; the connections of the one before are kept if they still fit."""
        same = before is not None and before.org.concurrency == org.concurrency
        connections = before.connections if before is not None and same else self._connections(org)
        name = f"{self._stage.prefix}{org.name}/token"
        store = SecretTokenStore(self._secrets, name, self._stage.key)
        return Link(org, connections, Broker(org, store, self._table, connections.send, self._tools))

    def _connections(self, org: Org) -> Connections:
        return Connections(new_session(org.concurrency), self._tools.clock)

    def _secret(self, name: str) -> CachedSecret[Org]:
        if not NAME.fullmatch(name):
            raise SecretUnusable(self._stage.prefix, "no such org")

        def read(text: str | bytes) -> Org:
            return self._org(name, text)

        return CachedSecret(
            f"{self._stage.prefix}{name}",
            lambda: self._secrets,
            self._stage.cache_seconds,
            self._tools.clock,
            read,
            REFETCHES_AT_ONCE,
        )

    def _org(self, name: str, found: str | bytes) -> Org:
        secret = f"{self._stage.prefix}{name}"
        try:
            text = found if isinstance(found, str) else found.decode()
            return parse_org(name, text, custom_hosts=self._stage.custom_hosts)
        except BadSecret as error:
            raise SecretUnusable(secret, str(error)) from error
        except UnicodeDecodeError:
            raise SecretUnusable(secret, "is not text") from None
