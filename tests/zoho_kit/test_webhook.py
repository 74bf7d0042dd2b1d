"""A plain workflow webhook as zoho/README.md sets it up: a fixed header, form or raw JSON, no signature."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from chalicelib.domain.source import parse
from cli.zoho_scopes import FOR_LOOKING, Use, needed
from local.filling import new_key
from tests.fakes import CRM, House, Reply, event
from tests.zoho_kit import kit

TOKEN = new_key()
PAGE = kit.text("README.md")
(RAW,) = re.findall(r"<!-- raw body -->\n```json\n(.*?)\n```", PAGE, re.DOTALL)
MERGED = RAW.replace("${!Leads.Lead Id}", kit.RECORD)
FORM = urlencode({"operation": "delete_records", "module": "Leads", "ids": kit.RECORD})
BODIES = [
    (MERGED, "application/json;charset=UTF-8"),
    (FORM, "application/x-www-form-urlencoded;charset=UTF-8"),
]


def house() -> House:
    entry = {
        "profile": "token",
        "keys": [TOKEN],
        "modules": ["Leads"],
        "operations": ["delete_records"],
        "max_records": 1,
    }
    return House({"crm-webhook": entry})


def hook(where: House, body: str, media: str, token: str = TOKEN) -> Reply:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media, "User-Agent": "Zoho"}
    return where.send(event(CRM, {"source": "crm-webhook"}, headers, body.encode()))


@pytest.mark.parametrize(("body", "media"), BODIES)
def test_accepted_once_within_the_window(body: str, media: str) -> None:
    where = house()
    first = hook(where, body, media)
    assert (first.status, first.json["module"]) == (202, "Leads")
    (row,) = where.ledger.rows.values()
    assert [list(chunk.ids) for chunk in row.chunks.values()] == [[kit.RECORD]]
    again = hook(where, body, media)
    assert (again.headers["Idempotent-Replayed"], len(where.ledger.rows)) == ("true", 1)
    where.now += 601
    assert hook(where, body, media).status == 202
    assert len(where.ledger.rows) == 2


@pytest.mark.parametrize(("body", "media"), BODIES)
def test_limits_of_the_profile(body: str, media: str) -> None:
    where = house()
    assert hook(where, body, media, token=new_key()).status == 401
    assert hook(where, body.replace("Leads", "Deals", 1), media).status == 403
    assert hook(where, body.replace("delete_records", "mass_delete"), media).status in (400, 403)
    assert where.ledger.rows == {}


def test_an_unmerged_field_deletes_nothing() -> None:
    assert hook(house(), RAW, "application/json").status == 400


def test_sizes_are_within_zohos() -> None:
    assert len(f"Bearer {TOKEN}") <= 255
    assert f"the\nkey has {len(TOKEN)}" in PAGE
    assert len(MERGED) <= 500  # the least that any page of Zoho's gives for raw content


def test_the_commands_of_the_page_make_usable_sources() -> None:
    for line in re.findall(r"^expunge keys new (.*)$", PAGE, re.MULTILINE):
        name, *words = line.split()
        given = dict(zip(words[::2], words[1::2], strict=True))
        entry = {
            "profile": given.get("--profile", "standard-webhooks"),
            "keys": [new_key()],
            "modules": [given["--module"]],
            "operations": [given["--operation"]],
            "max_records": int(given["--max-records"]),
        }
        assert parse(name, entry).name == name


def test_the_scopes_of_the_page_are_those_that_setup_asks_for() -> None:
    by_ids, by_view = [line.split(",") for line in re.findall(r"^(ZohoCRM\.\S+)$", PAGE, re.MULTILINE)]
    assert set(by_ids) == set(needed([Use("Leads", jobs=False)]))
    assert {*by_ids, *by_view} == set(needed([Use("Leads", jobs=True)]))
    assert f"`{','.join(FOR_LOOKING)}`" in PAGE
