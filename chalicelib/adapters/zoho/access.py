"""Calls with an access token: the token from the broker, one renewal where Zoho refuses it, one look for
new secrets.

A 401 proves that a call was not processed, so sending it once more with another token repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.adapters.zoho.http import Connections
from chalicelib.adapters.zoho.request import Ask
from chalicelib.adapters.zoho.token import Broker
from chalicelib.adapters.zoho.token_store import Token
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.zoho_port import Org

#: Codes with which the CRM refuses a token (Zoho's pages and live answers name it differently).
TOKEN_REFUSED = frozenset({"INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"})
#: Codes with which the token endpoint refuses the org's credentials.
CREDENTIALS_REFUSED = frozenset({"invalid_code", "invalid_client", "invalid_client_secret"})


@dataclass(frozen=True, slots=True)
class Link:
    """One org as its secret stands, with what reaches it."""

    org: Org
    connections: Connections
    broker: Broker


class Access:
    """Sends requests to one org. `fresh` gives the link made from the org's secret as it is now, if it
    changed.
    """

    def __init__(self, link: Link, fresh: Callable[[Link], Link | None]) -> None:
        self.link = link
        self._fresh = fresh

    def send(self, ask: Ask, deadline: float) -> Reply:
        """The answer to `ask`. `sent` is False where no token was to be had: the call itself never left."""
        reply = self._with_token(ask, deadline)
        if _refused(reply, TOKEN_REFUSED | CREDENTIALS_REFUSED):
            fresh = self._fresh(self.link)
            if fresh is not None:
                self.link = fresh
                reply = self._with_token(ask, deadline)
        return reply

    def _with_token(self, ask: Ask, deadline: float) -> Reply:
        broker = self.link.broker
        token = broker.token(deadline)
        if isinstance(token, Reply):
            return token
        reply = self._once(ask, token, deadline)
        if not _refused(reply, TOKEN_REFUSED):
            broker.accepted(token)
            return reply
        renewed = broker.renew(token, deadline)
        if isinstance(renewed, Reply):
            # With the code of the token endpoint where it has one: it says why there is no better token.
            return renewed if renewed.error else reply
        reply = self._once(ask, renewed, deadline)
        if not _refused(reply, TOKEN_REFUSED):
            broker.accepted(renewed)
        return reply

    def _once(self, ask: Ask, token: Token, deadline: float) -> Reply:
        headers = {**ask.headers, "Authorization": f"Zoho-oauthtoken {token.value}"}
        return self.link.connections.send(token.api_url, replace(ask, headers=headers), deadline)


def _refused(reply: Reply, codes: frozenset[str]) -> bool:
    """Was the token, or what it is made from, refused? Seen with HTTP 401 and 400; 200 from the token
    endpoint.
    """
    if reply.error is None or reply.error.code not in codes:
        return False
    return not reply.sent or reply.status in (400, 401)
