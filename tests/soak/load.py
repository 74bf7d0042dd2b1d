"""What the soak asks for: requests of several sources over records that the simulator was given."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

import requests

from local import filling
from local.running import RunningStack

SOURCES = ("crm-workflow", "billing", "support", "privacy")
FIRST_LEAD = 410_405_000_002_000_000
FIRST_CONTACT = 365_239_700_000_100_000
#: Records that nobody asks for: none of them may go.
KEPT = 500
VIEWS = 4
VIEW_SIZE = 50
SHARE_REPEATED = 0.1


@dataclass(frozen=True)
class Delivery:
    """One delivery: who sends it, under which id, what."""

    source: str
    delivery: str
    body: bytes
    ids: tuple[str, ...] = ()


@dataclass
class Load:
    """Everything that is asked for, and what must stay."""

    deliveries: list[Delivery]
    leads: int
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> set[str]:
        """The leads that may go."""
        return {one for delivery in self.deliveries for one in delivery.ids}


def make(count: int, seed: int) -> Load:
    """`count` deliveries, each over leads of its own; a few of them over a view of contacts."""
    chance = random.Random(seed)
    deliveries, lead = [], 0
    for n in range(count):
        source = SOURCES[n % len(SOURCES)]
        if n % max(count // VIEWS, 1) == count // (2 * VIEWS):
            body = {"operation": "mass_delete", "module": "Contacts", "cvid": str(700 + n)}
            deliveries.append(Delivery(source, f"soak-{n}", json.dumps(body).encode()))
            continue
        ids = tuple(str(FIRST_LEAD + lead + k) for k in range(chance.randint(1, 12)))
        lead += len(ids)
        wanted = {"operation": "delete_records", "module": "Leads", "ids": ids, "reference": f"soak {n}"}
        deliveries.append(Delivery(source, f"soak-{n}", json.dumps(wanted).encode(), ids))
    return Load(deliveries, lead)


def prepare(running: RunningStack, load: Load) -> None:
    """Fills the simulator with records and views, and the stage with sources."""
    _post(running, "reset", {})
    leads = {"module": "Leads", "count": load.leads + KEPT, "first_id": str(FIRST_LEAD)}
    _post(running, "generate", leads)
    # A job under way keeps the others waiting, and hours of tokens pass in minutes here.
    _post(running, "settings", {"tokens_per_window": 1000})
    views = [json.loads(delivery.body)["cvid"] for delivery in load.deliveries if not delivery.ids]
    for n, cvid in enumerate(views):
        first = FIRST_CONTACT + n * VIEW_SIZE
        contacts = [{"id": str(first + k), "Last_Name": "Soak"} for k in range(VIEW_SIZE)]
        _post(running, "records", {"Contacts": contacts})
        view = {"module": "Contacts", "cvid": cvid, "ids": [one["id"] for one in contacts]}
        _post(running, "views", view)
    secrets = running.client("secretsmanager")
    known = filling.sources()
    entry = known.pop(filling.SOURCE)
    load.keys = {source: filling.new_key() for source in SOURCES}
    value = {
        source: {**entry, "keys": [key], "max_records_per_day": None} for source, key in load.keys.items()
    }
    secrets.put_secret_value(SecretId=running["sources_secret"], SecretString=json.dumps(value))


def fail(running: RunningStack, share: float) -> None:
    """About this share of the CRM's calls goes wrong, in mixed ways; instead of all faults before."""
    ways: list[tuple[float, dict[str, Any]]] = [
        (0.25, {"kind": "drop_before"}),
        (0.25, {"kind": "drop_after"}),
        (0.2, {"kind": "reply", "status": 500}),
        (0.15, {"kind": "reply", "status": 502, "body": "<html>Bad Gateway</html>"}),
        (0.15, {"kind": "reply", "status": 429}),
    ]
    calm(running)
    faults = [{**fault, "path": "^/crm/", "probability": share * part} for part, fault in ways]
    _post(running, "faults", faults)


def outage(running: RunningStack) -> None:
    """Zoho is away: no call is answered, nor done."""
    calm(running)
    _post(running, "faults", [{"kind": "drop_before", "probability": 1.0}])


def calm(running: RunningStack) -> None:
    """No faults any more."""
    with requests.Session() as session:
        session.trust_env = False
        session.delete(f"{running['zoho_url']}/_sim/faults", timeout=120).raise_for_status()


def remaining(running: RunningStack, module: str) -> set[str]:
    """The ids that are still there."""
    with requests.Session() as session:
        session.trust_env = False
        url = f"{running['zoho_url']}/_sim/records"
        answer = session.get(url, params={"module": module}, timeout=180)
        answer.raise_for_status()
        return {str(one["id"]) for one in answer.json()}


def calls(running: RunningStack) -> list[dict[str, Any]]:
    """Every call that has reached the simulator."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{running['zoho_url']}/_sim/calls", timeout=300)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found


def _post(running: RunningStack, control: str, body: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{running['zoho_url']}/_sim/{control}", json=body, timeout=180)
        if not answer.ok:
            raise RuntimeError(f"simulator: {control}: {answer.text[:300]}")
