"""Zoho's own hosts: the only ones that are ever contacted, unless the stage allows others (contract section
6).

Where the hosts come from: Zoho's multi-DC page and the data centres that Zoho's own client knows. Two data
centres are named by Zoho's OAuth pages while the host of their CRM API is not documented; they are refused,
since a guessed host would be handed the org's access token.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class DataCenter:
    """Host of the accounts server, and the domain that the API hosts of all environments share."""

    accounts: str
    domain: str


DATA_CENTERS = {
    "us": DataCenter("accounts.zoho.com", "zohoapis.com"),
    "eu": DataCenter("accounts.zoho.eu", "zohoapis.eu"),
    "in": DataCenter("accounts.zoho.in", "zohoapis.in"),
    "au": DataCenter("accounts.zoho.com.au", "zohoapis.com.au"),
    "jp": DataCenter("accounts.zoho.jp", "zohoapis.jp"),
    "cn": DataCenter("accounts.zoho.com.cn", "zohoapis.com.cn"),
    "ca": DataCenter("accounts.zohocloud.ca", "zohoapis.ca"),
    "sa": DataCenter("accounts.zoho.sa", "zohoapis.sa"),
}
#: Zoho has them; the host of their CRM API is not confirmed.
UNCONFIRMED = ("uk", "ae")

ENVIRONMENTS = {"production": "www", "sandbox": "sandbox", "developer": "developer"}
_DOMAINS = {center.domain for center in DATA_CENTERS.values()}
_ZOHOS = _DOMAINS | {center.accounts.removeprefix("accounts.") for center in DATA_CENTERS.values()}
_ZOHOS |= {f"{name}.{end}" for name in ("zoho", "zohoapis") for end in UNCONFIRMED}
_PREFIXES = ("", *(f"{name}." for name in ENVIRONMENTS.values()))


def is_zohos(url: str) -> bool:
    """Does the address lead to a host of Zoho's, whatever its scheme, port and path? True for one that cannot
    be read too.
    """
    try:
        host = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return True
    return any(host == known or host.endswith(f".{known}") for known in _ZOHOS)


def accounts_url(data_center: str) -> str:
    """Address of the accounts server. Raises ValueError, with the reason, for a data centre without one."""
    return f"https://{_center(data_center).accounts}"


def api_url(data_center: str, environment: str) -> str:
    """Address of the CRM API. Raises ValueError, with the reason, for a data centre without one."""
    return f"https://{ENVIRONMENTS[environment]}.{_center(data_center).domain}"


def _center(name: str) -> DataCenter:
    if name in UNCONFIRMED:
        raise ValueError(f"data_center {name!r}: Zoho has not confirmed the host of its CRM API")
    if name not in DATA_CENTERS:
        raise ValueError(f"data_center must be one of {', '.join(DATA_CENTERS)}")
    return DATA_CENTERS[name]


def honoured(api_domain: object, configured: str, environment: str) -> str:
    """The API address to use after a token answer named `api_domain`; `configured` where that is not
    honoured.

    Only the data centre of one of Zoho's hosts is taken over, never the environment: a sandbox's token must
    not lead to production. An address configured by hand (local stage) is kept whatever the answer says.
    """
    domain = _domain(configured)
    named = _domain(api_domain) if isinstance(api_domain, str) else None
    if domain is None or named is None:
        return configured
    return f"https://{ENVIRONMENTS[environment]}.{named}"


def _domain(url: str) -> str | None:
    """Which of Zoho's API domains an https address belongs to; None for any other address."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.port in (None, 443) and parts.path in ("", "/")
    except ValueError:
        return None
    if not plain or parts.username is not None or parts.query or parts.fragment:
        return None
    host = (parts.hostname or "").lower()
    for prefix in _PREFIXES:
        if host.startswith(prefix) and host[len(prefix) :] in _DOMAINS:
            return host[len(prefix) :]
    return None


def custom(url: str) -> str:
    """An address given by hand, without a slash at its end.

    Raises ValueError, with the reason: anything but scheme, host and port, or http to another machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("is not an address") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must start with https:// and name a host")
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must be scheme, host and port only")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must be https: only this machine itself may be asked without")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
