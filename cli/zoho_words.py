"""What Zoho's token endpoint refuses, in plain words, each with the next step."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.adapters.zoho.hosts import DATA_CENTERS, ENVIRONMENTS
from chalicelib.domain.zoho.reply import Reply

#: Where self clients are made, by data centre.
CONSOLES = {
    "us": "https://api-console.zoho.com",
    "eu": "https://api-console.zoho.eu",
    "in": "https://api-console.zoho.in",
    "au": "https://api-console.zoho.com.au",
    "jp": "https://api-console.zoho.jp",
    "cn": "https://api-console.zoho.com.cn",
    "ca": "https://api-console.zohocloud.ca",
    "sa": "https://api-console.zoho.sa",
}
_THROTTLED = ("access denied", "access_denied")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: a code for programs, what it is, what to do about it."""

    code: str
    what: str
    mend: str


def for_org(mend: str, org: str, stage: str) -> str:
    """The fix with the org's name in its command. `stage`: the option that names the stage, or nothing."""
    return mend.replace("expunge setup", f"expunge setup --org {org}{stage}")


def centers() -> str:
    """How to tell one's data centre."""
    return "the ending of your CRM's address tells it: crm.zoho.com is us, crm.zoho.eu is eu, and so on"


def of_token(reply: Reply, accounts_url: str, center: str, *, grant: bool) -> Trouble:
    """Why the token endpoint gave no token. `grant`: it was asked with a grant code."""
    code = reply.error.code if reply.error else ""
    host = urlsplit(accounts_url).netloc
    if code.lower() in _THROTTLED or reply.status == 429:
        what = "Zoho gives no more tokens for now (10 in ten minutes for one refresh token or client)"
        mend = "wait ten minutes without trying again, then run this once more"
        return Trouble("Access Denied", what, mend + ("; make a new grant code for it" if grant else ""))
    if code == "invalid_client":
        return Trouble(
            code,
            f"{host} knows no such client id (data centre {center})",
            f"compare the client id with {CONSOLES.get(center, 'the API console')}; most often it is of"
            f" another data centre: expunge setup --data-center with yours ({centers()})",
        )
    if code == "invalid_client_secret":
        return Trouble(
            code,
            "the client secret does not belong to this client id",
            "copy it again from the API console (Self Client, tab Client Secret), whole and without blanks",
        )
    if code == "invalid_code":
        return _invalid_code(grant)
    if reply.status is None:
        return Trouble(
            "no_answer",
            f"{host} gives no answer ({reply.failure or 'no connection'})",
            "look at the network of this machine, and at https://status.zoho.com",
        )
    words = f" ({reply.error.message})" if reply.error and reply.error.message else ""
    return Trouble(
        code or "unreadable",
        f"{host} answered HTTP {reply.status} {code or 'with something that is no token'}{words}",
        "try again in a minute; if it stays, make a new self client and grant code",
    )


def _invalid_code(grant: bool) -> Trouble:
    if grant:
        return Trouble(
            "invalid_code",
            "the grant code is not good: used before, its minutes are over, or it is of another client",
            "make a new one (API console, Self Client, tab Generate Code, 10 minutes), run this again",
        )
    return Trouble(
        "invalid_code",
        "the refresh token is not good: revoked, mistyped, of another client or of another data centre",
        "make a new grant code in the API console, then expunge setup",
    )


def center_of(url: object) -> tuple[str, str] | None:
    """Data centre and environment that a Zoho API address belongs to; None for any other address."""
    if not isinstance(url, str):
        return None
    host = (urlsplit(url).hostname or "").lower()
    for name, center in DATA_CENTERS.items():
        for environment, prefix in ENVIRONMENTS.items():
            if host in (f"{prefix}.{center.domain}", center.domain if prefix == "www" else ""):
                return name, environment
    return None


def of_domain(api_domain: object, center: str, environment: str) -> Trouble | None:
    """What is wrong with the API address that a token answer names, as the secret has it."""
    found = center_of(api_domain)
    if found is None or found == (center, environment):
        return None
    if found[0] != center:
        return Trouble(
            "data_center",
            f"Zoho says that this org lives in data centre {found[0]}, the secret says {center}",
            f"expunge setup --data-center {found[0]}",
        )
    return Trouble(
        "environment",
        f"the token is of the {found[1]} environment, the secret says {environment}",
        f"expunge setup --environment {found[1]}, or make the grant code for {environment}",
    )
