"""Nothing of a person stands in what is locked for years: receipts, heads and operators' entries."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from chalicelib.domain.callers import Caller
from chalicelib.domain.evidence.operators import What
from chalicelib.domain.operators import Hold
from tests.evidence.made import deletion as made_deletion
from tests.evidence.world import World, world

PERSONAL = ("410405000002264", "ERP-", "DSR-17", "Anna", "she asked", "audit of", "anna@example.com")


def everything_locked(here: World) -> str:
    """The objects that nobody can change, and what their envelopes hold."""
    found = []
    for name in here.objects.once:
        data = here.objects.objects[name].decode()
        found.append(f"{name}\n{data}")
        if name.startswith(("receipts/", "heads/")):
            found.append(base64.b64decode(json.loads(data)["payload"]).decode())
    return "\n".join(found)


def test_no_id_no_reference_and_no_reason_is_locked_for_years() -> None:
    with world() as here:
        here.ended(1)
        made, _ = made_deletion(2)
        external = replace(made.request, external_id_field="ERP_Id", ids=("ERP-1", "ERP-2", "ERP-3"))
        here.ended(2, request=external)
        caller = Caller("arn:aws:iam::1:user/a", here.now)
        for n, record in enumerate(("410405000002264100", "410405000002264101")):
            hold = Hold("default", "Leads", record, f"audit of Anna {n}", caller.arn, here.now)
            told = {"reason": hold.reason, "until": None, "mail": "anna@example.com"}
            here.table.set_hold(hold, caller.entry(What.HOLD_SET, f"default/Leads/{record}", None, told))
        here.minute()
        names = {name.partition("/")[0] for name in here.objects.once}
        assert names == {"receipts", "heads", "operators", "public-key.pem"}
        text = everything_locked(here)
        assert [word for word in PERSONAL if word in text] == []
        assert "hold.set" in text
        assert here.checked().found.problems == []
