"""Zoho orgs by name: their secrets, and the clients made from them. A new org is a new secret, nothing
else.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.secrets import fetched
from chalicelib.adapters.zoho.access import Access, Link
from chalicelib.adapters.zoho.client import ZohoClient
from chalicelib.adapters.zoho.http import Wire, new_session
from chalicelib.adapters.zoho.org_secret import NAME, BadSecret, parse_org
from chalicelib.adapters.zoho.token import Broker, Shared, Tools
from chalicelib.adapters.zoho.token_store import SecretTokenStore
from chalicelib.domain.errors import SecretUnusable, Unavailable
from chalicelib.service.ports import Org

#: After refused credentials the secret is read again, but not more often than this.
REFETCH_SECONDS = 5.0


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
class _Kept:
    link: Link
    read_at: float


class ZohoOrgs:
    """The ZohoFactory: clients by the name of their org, with connections and tokens kept for the process."""

    def __init__(self, secrets: Any, stage: Stage, table: Shared, tools: Tools) -> None:
        """`secrets`: boto3's client of Secrets Manager."""
        self._secrets = secrets
        self._stage = stage
        self._table = table
        self._tools = tools
        self._kept: dict[str, _Kept] = {}
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
            kept = self._kept.get(name)
            if kept is not None and self._tools.clock() - kept.read_at < self._stage.cache_seconds:
                return kept.link
            return self._read(name)

    def _fresh(self, link: Link) -> Link | None:
        """A link from the secret as it is now, after `link`'s credentials were refused; None where it is
        the same.
        """
        with self._lock:
            kept = self._kept.get(link.org.name)
            if kept is not None and kept.link.org != link.org:
                return kept.link
            if kept is not None and self._tools.clock() - kept.read_at < REFETCH_SECONDS:
                return None
            try:
                now = self._read(link.org.name)
            except Unavailable:
                return None
            return now if now.org != link.org else None

    def _read(self, name: str) -> Link:
        org = self._org(name)
        kept = self._kept.get(name)
        link = kept.link if kept is not None and kept.link.org == org else self._made(org, kept)
        self._kept[name] = _Kept(link, self._tools.clock())
        self._forget_the_oldest()
        return link

    def _forget_the_oldest(self) -> None:
        """Lets go of the orgs read longest ago; whoever still holds one goes on with new connections."""
        while len(self._kept) > MOST_ORGS:
            oldest = min(self._kept, key=lambda name: self._kept[name].read_at)
            self._kept.pop(oldest).link.wire.session.close()

    def _made(self, org: Org, kept: _Kept | None) -> Link:
        """A new link; the connections of the one before are kept if they still fit."""
        same = kept is not None and kept.link.org.concurrency == org.concurrency
        wire = kept.link.wire if kept is not None and same else self._wire(org)
        name = f"{self._stage.prefix}{org.name}/token"
        store = SecretTokenStore(self._secrets, name, self._stage.key)
        return Link(org, wire, Broker(org, store, self._table, wire.send, self._tools))

    def _wire(self, org: Org) -> Wire:
        return Wire(new_session(org.concurrency), self._tools.clock)

    def _org(self, name: str) -> Org:
        secret = f"{self._stage.prefix}{name}"
        if not NAME.fullmatch(name):
            raise SecretUnusable(self._stage.prefix, "no such org")
        found = fetched(self._secrets, secret)
        try:
            text = found if isinstance(found, str) else found.decode()
            return parse_org(name, text, custom_hosts=self._stage.custom_hosts)
        except BadSecret as error:
            raise SecretUnusable(secret, str(error)) from error
        except UnicodeDecodeError:
            raise SecretUnusable(secret, "is not text") from None
