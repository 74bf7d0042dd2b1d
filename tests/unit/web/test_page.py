"""The pages for people, without a browser: outline, what the browser is told, and that data stays text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from chalicelib.domain.deletion import Approval, Counts, Deletion, Plan, Problem
from chalicelib.domain.limits import APPROVAL
from chalicelib.domain.outcomes import Mark, outcome_name
from chalicelib.domain.status import MOVES, Status
from chalicelib.service.engine import limits, waiting
from chalicelib.web import page, page_status, page_view
from chalicelib.web import page_words as words
from chalicelib.web.status import OF_A_PAGE
from local.settings import ROOT
from tests.fakes import LEADS, House

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
VOID = {"meta", "link", "input", "br", "rect"}


class Outline(HTMLParser):
    """What the page is made of: elements with their attributes, texts, and whether all that opens closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]

    def with_id(self, key: str) -> dict[str, str | None]:
        (attrs,) = [attrs for _, attrs in self.found if attrs.get("id") == key]
        return attrs


def accepted(house: House, **more: Any) -> str:
    answer = house.post(LEADS | more)
    assert answer.status == 202, answer.text
    return str(answer.json["links"]["self"])


def deletion(house: House) -> Deletion:
    return next(iter(house.ledger.rows.values())).deletion


def change(house: House, **changes: Any) -> None:
    next(iter(house.ledger.rows.values())).deletion = replace(deletion(house), **changes)


def text(house: House, link: str) -> str:
    """What a reader sees, without markup, script and style."""
    shown = house.get(link, accept=BROWSER).text
    shown = re.sub(r"<(script|style)\b.*?</\1>", "", shown, flags=re.DOTALL)
    return " ".join("".join(Outline(shown).texts).split())


@pytest.mark.parametrize("good", [True, False])
def test_what_the_browser_is_told(good: bool) -> None:
    house = House()
    link = accepted(house)
    answer = house.get(link if good else link[:-1], accept=BROWSER)
    assert answer.status == (200 if good else 404)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept"
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
    )
    nonces = {attrs.get("nonce") for tag, attrs in Outline(answer.text).found if tag in ("script", "style")}
    (nonce,) = nonces
    assert nonce
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": f"'nonce-{nonce}'",
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_nonces_are_made_anew_for_each_refusal() -> None:
    house = House()
    told = {house.get("x/del_?token=x", accept=BROWSER).headers["Content-Security-Policy"] for _ in range(5)}
    assert len(told) == 5


def test_nothing_comes_from_outside_and_nothing_is_written_into_attributes() -> None:
    house = House()
    shown = house.get(accepted(house), accept=BROWSER).text
    outline = Outline(shown)
    places = [str(a[n]) for _, a in outline.found for n in ("src", "href", "action", "srcset") if n in a]
    assert all(place.startswith("data:image/svg+xml,") for place in places)
    assert not [a for _, a in outline.found if "style" in a or any(name.startswith("on") for name in a)]
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:"):
        assert forbidden not in page.asset("page.js") + page.asset("status.js")
    assert "</" not in page.asset("page.js") + page.asset("status.js")
    assert not re.search(r"</|@import|url\(", page.asset("page.css"))


def test_what_senders_and_zoho_wrote_stays_text() -> None:
    house = House()
    link = accepted(house, reference=HOSTILE, reason=HOSTILE)
    change(house, problems=(Problem("<b>", 2, HOSTILE),), waiting_for=HOSTILE, status=Status.WAITING)
    shown = house.get(link, accept=BROWSER).text
    assert "<img" not in shown
    assert "<b>" not in shown
    assert shown.count("<script") == 2
    assert text(house, link).count("</script><script>alert(1)</script>") == 3  # reference, reason, wait
    data = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', shown, re.DOTALL)
    assert data
    view = json.loads(data[1])["view"]
    assert view["shown"] == house.get(link).json
    assert view == house.get(link, accept=OF_A_PAGE).json


def test_our_own_texts_and_commands_are_text_too() -> None:
    """They hold ids and times that were checked; no mistake there may become markup."""
    assert page.command('expunge show <b>"') == (
        '<div class="command"><code>expunge show &lt;b&gt;&quot;</code><button type="button" class="copy"'
        ' aria-label="Copy: expunge show &lt;b&gt;&quot;" hidden>Copy</button></div>'
    )
    assert page.dated("<i> 2026-11-29T18:46:08.260Z") == (
        '&lt;i&gt; <time datetime="2026-11-29T18:46:08.260Z">2026-11-29 18:46:08 UTC</time>'
    )


def test_what_stands_in_backticks_is_code_and_a_lone_one_stays_as_it_is() -> None:
    assert page.dated("raise `max_share` <b>") == "raise <code>max_share</code> &lt;b&gt;"
    assert page.dated("a ` <b>") == "a ` &lt;b&gt;"
    assert page.dated("`<i>`") == "<code>&lt;i&gt;</code>"


def test_an_option_of_a_command_is_not_broken_after_its_dashes() -> None:
    shown = page.command("expunge approve del_1 --count 3 --stage prod")
    assert '<span class="option">--count</span> 3 <span class="option">--stage</span> prod</code>' in shown
    assert 'aria-label="Copy: expunge approve del_1 --count 3 --stage prod"' in shown


def test_the_outline_is_one_that_readers_can_use() -> None:
    house = House()
    outline = Outline(house.get(accepted(house, dry_run=True), accept=BROWSER).text)
    ids = [attrs["id"] for _, attrs in outline.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for attrs in outline.all("section")} <= set(ids)
    assert [len(outline.all(tag)) for tag in ("main", "h1", "title")] == [1, 1, 1]
    assert outline.all("html") == [{"lang": "en"}]
    assert outline.with_id("say")["role"] == "status"
    assert outline.with_id("bar")["role"] == "progressbar"
    assert outline.all("meta")[1]["content"] == "width=device-width, initial-scale=1"
    for tag in ("input", "select"):
        assert outline.all(tag)
    assert {attrs["scope"] for attrs in outline.all("th")} == {"col"}
    assert {attrs["type"] for attrs in outline.all("button")} == {"button"}
    for attrs in outline.all("section"):
        assert attrs["aria-labelledby"]


def test_what_was_asked() -> None:
    house = House()
    link = accepted(house, reference="ticket 42", reason="erasure request", wf_trigger=True, max_records=7)
    shown = text(house, link)
    for words_ in ("Delete records in Leads", "2 ids", "ticket 42", "erasure request", "At most7 records"):
        assert words_ in shown
    view = {"operation": "mass_delete", "module": "Leads", "cvid": "99", "territory": {"id": "5"}}
    shown = text(house, house.post(view, delivery="view").json["links"]["self"])
    assert "Custom view99Territory5Dry run" in shown
    delink = LEADS | {"operation": "delink_records", "module": "Campaigns", "record_id": "7"}
    delink |= {"related_list": "Contacts"}
    assert "Linked to7, list Contacts" in text(house, house.post(delink, delivery="d").json["links"]["self"])


def test_a_wait_with_its_place_and_an_approval() -> None:
    house = House()
    link = accepted(house)
    change(house, status=Status.WAITING, waiting_for=waiting.LANE, lane_ahead=2, lane_seconds=300.0)
    shown = text(house, link)
    assert "Waiting for another mass delete at Zoho." in shown
    assert "2 are before it; about 5 minutes." in shown
    change(house, waiting_for="zoho (BOGUS)", lane_ahead=None)
    assert words.OTHER_WAIT in text(house, link)
    change(house, approval=Approval(800, 0.0, 1.0))
    assert "asked for 800 records, until 1970-01-01 00:00:01 UTC" in text(house, link)


def test_counts_problems_and_the_bar() -> None:
    house = House()
    link = accepted(house)
    assert "None." in text(house, link)
    change(
        house,
        counts=Counts(requested=8, deleted=4, failed=2, pending=2),
        problems=(Problem("RECORD_LOCKED", 2),),
    )
    outline, shown = Outline(house.get(link, accept=BROWSER).text), text(house, link)
    bars = {str(attrs["class"]): (attrs["x"], attrs["width"]) for attrs in outline.all("rect")}
    assert bars["deleted"] == ("0.0", "50.0")
    assert bars["failed"] == ("50.0", "25.0")
    assert outline.with_id("bar")["aria-valuenow"] == "6"
    assert "hidden" in outline.with_id("no-problems")
    assert "RECORD_LOCKED × 2" in shown
    assert "What to do: " in shown


def test_a_dry_run_says_what_would_happen() -> None:
    house = House()
    link = accepted(house, dry_run=True)
    assert "Not known yet." in text(house, link)
    change(house, plan=Plan(2, ("1", "2"), 1, 3), status=Status.COMPLETED)
    shown = text(house, link)
    assert "Would delete 2 records with 1 call to Zoho (3 API credits). Nothing was deleted." in shown
    assert "The first: 1, 2" in shown
    assert "The dry run is done." in shown
    assert "Counts" not in shown
    assert not [
        a for a in Outline(house.get(link, accept=BROWSER).text).all("dd") if "count-" in str(a.get("id"))
    ]


def test_every_status_outcome_and_wait_has_words() -> None:
    assert set(words.NAMES) == set(words.MEANINGS) == set(MOVES)
    assert set(words.OUTCOMES) == {outcome_name(mark) for mark in Mark}
    assert set(words.WAITS) >= {
        waiting.LANE,
        waiting.CREDENTIALS,
        waiting.LOCKED,
        waiting.PAUSE,
        waiting.CREDITS,
    }
    assert {limits.COOL_OFF, APPROVAL} <= set(words.WAITS)
    house = House()
    link = accepted(house)
    shown = house.get(link).json | {"status": "something_new"}
    view = page_view.view(shown, deletion(house), page_view.Stage(), house.now)
    assert "something_new</p>" in page_status.render(view, "n")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (7200, "2 hours")],
)
def test_spans(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


def test_any_bad_link_is_the_same_page_in_plain_words() -> None:
    house = House()
    link = accepted(house)
    pages = set()
    for bad in (
        link[:-1],
        link + "A",
        link.partition("?")[0],
        link.replace("/del_0", "/del_1"),
        "x/del_?token=x",
    ):
        answer = house.get(bad, accept=BROWSER)
        assert answer.status == 404
        shown = re.sub(r'nonce="[^"]*"', "", answer.text)
        assert "There is nothing here" in shown
        pages.add(shown)
    assert len(pages) == 1


def test_out_of_reach_is_a_page_that_says_to_come_back() -> None:
    house = House()
    link = accepted(house)
    house.links.down = True
    answer = house.get(link, accept=BROWSER)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "Load this page again" in answer.text
    assert house.get(link).json["error"]["code"] == "unavailable"


def test_programs_never_load_the_pages() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.fakes import LEADS, House
house = House()
link = house.post(LEADS).json["links"]["self"]
house.get(link), house.get(link, "/records"), house.get(link[:-1])
print([name for name in sys.modules if name.startswith("chalicelib.web.page")])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout
