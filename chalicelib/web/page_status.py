"""The status document as a page that keeps itself up to date: one answer, fit for phones and for paper.

It works without JavaScript (then it is a snapshot). The script asks the same address for the same words again
and puts them in place as text, so that nothing that a sender wrote ever becomes markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from chalicelib.web import page_words as words
from chalicelib.web.page import asset, command, dated, frame, section

View = Mapping[str, Any]


def render(view: View, nonce: str) -> str:
    """The page for a view (page_view.view)."""
    shown, plan = view["shown"], view["plan"]
    data = _data({"view": view, "outcomes": words.OUTCOMES})
    parts = (
        _state(view),
        section("steps", "What can be done", _steps("steps", view["steps"]), _part("steps", view["steps"])),
        "" if plan is None else section("plan", "Plan", _plan(plan)),
        section("counts", "Counts", _counts(view["counts"])) if view["counts"] else "",
        section("problems", "Problems", _problems(view["problems"])),
        _records(shown),
        section("asked", "What was asked", _facts("asked", view["asked"])),
        section("people", "Who", _facts("people", view["people"])),
        section("times", "When", _facts("times", view["times"]) + _ZONE),
        section("receipt", "Evidence", _steps("receipt", view["receipt"]), _part("receipt", view["receipt"])),
    )
    body = f"""<main>
<h1>{escape(view["title"])}</h1>
{"".join(parts)}
<footer><p>Whoever has this page's address can read this deletion, and change nothing.</p></footer>
</main>
<script type="application/json" id="start" nonce="{nonce}">{data}</script>
<script nonce="{nonce}">{asset("page.js")}{asset("status.js")}</script>"""
    return frame(view["title"], body, nonce, asset("page.css"))


_ZONE = '<p class="small soft" id="zone">Times are in UTC.</p>'


def _data(value: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _state(view: View) -> str:
    reason = escape(view["reason"])
    return f"""<section aria-labelledby="h-state"><h2 id="h-state" class="away">Status</h2>
<p class="state" id="state" data-status="{escape(str(view["shown"]["status"]))}">{escape(view["state"])}</p>
<p id="meaning">{escape(view["meaning"])}</p>
<p id="wait"{_hidden(not view["reason"])}><strong>Waiting for <span id="reason">{reason}</span>.</strong>
 <span id="waits">{escape(view["waits"])}</span></p>
{_bar(view["bar"])}
<p class="soft small" id="live">This is how it stood when the page was loaded.</p>
<p class="away" id="say" role="status"></p></section>"""


def _bar(bar: Mapping[str, Any]) -> str:
    """Outcomes side by side. Sizes are attributes, since the policy takes no style attribute."""
    parts = "".join(
        f'<rect class="{each["kind"]}" x="{each["x"]}" y="0" width="{each["width"]}" height="4"></rect>'
        for each in bar["parts"]
    )
    says, most = bar["says"], bar["most"]
    known = f' aria-valuemin="0" aria-valuemax="{most}" aria-valuenow="{bar["now"]}"' if most else ""
    return f"""<div id="progress"{_hidden(bar["gone"])}><svg class="bar" id="bar" viewBox="0 0 100 4"
 preserveAspectRatio="none" role="progressbar" aria-label="Records processed" aria-valuetext="{says}"{known}>
{parts}</svg><p id="settled">{says}</p></div>"""


def _counts(counts: Iterable[Mapping[str, str]]) -> str:
    parts = (
        f'<div data-kind="{each["key"]}"><dt>{each["label"]}</dt>'
        f'<dd id="count-{each["key"]}">{each["text"]}</dd></div>'
        for each in counts
    )
    return f'<dl class="counts">{"".join(parts)}</dl>'


def _plan(plan: Mapping[str, str]) -> str:
    """What a dry run found."""
    first = plan["first"]
    return f"""<p id="plan">{escape(plan["says"])}</p>
<p class="small" id="first"{_hidden(not first)}>The first: <span id="first-ids">{escape(first)}</span></p>"""


def _problems(problems: list[Mapping[str, Any]]) -> str:
    items = "".join(
        f"<li><strong><code>{escape(each['code'])}</code> &times; {each['count']:,}</strong>"
        f"<p>{dated(each['meaning'])}</p><p>What to do: {dated(each['what_to_do'])}</p></li>"
        for each in problems
    )
    none = f'<p id="no-problems"{_hidden(bool(problems))}>None.</p>'
    return f'{none}<ul class="list" id="problems"{_hidden(not problems)}>{items}</ul>'


def _steps(key: str, steps: Iterable[Mapping[str, Any]]) -> str:
    items = "".join(
        f"<li><p>{dated(each['says'])}</p>{''.join(map(command, each['commands']))}</li>" for each in steps
    )
    return f'<ul class="list" id="{key}">{items}</ul>'


def _records(shown: Mapping[str, Any]) -> str:
    """The place of the outcomes by id, which the script reads in pages; `hidden` until it has."""
    found = [(key, label) for key, label in words.OUTCOMES.items() if key in shown["counts"]]
    choices = "".join(f'<option value="{key}">{label}</option>' for key, label in found)
    inner = f"""<p id="note" hidden></p>
<div id="found" hidden>
<div class="tools" role="search" aria-label="Records">
<label>Search id, code or message<input type="search" id="query" autocomplete="off"></label>
<label>Outcome<select id="outcome"><option value="">All</option>{choices}</select></label>
<button type="button" id="csv">Download CSV</button></div>
<p class="small"><span id="showing" role="status"></span> <span class="soft" id="read-at"></span></p>
<div class="scroll" role="region" aria-labelledby="h-records" tabindex="0"><table class="thirds">
<caption class="away">Outcome of each record</caption>
<thead><tr><th scope="col">Record</th><th scope="col">Outcome</th><th scope="col">Why</th></tr></thead>
<tbody id="rows"></tbody></table></div>
<div class="tools"><button type="button" id="back">Previous 100</button>
<button type="button" id="on">Next 100</button>
<button type="button" id="all" hidden>Load all</button></div>
<p class="small soft">In a spreadsheet import the ids as text: it would round long numbers.</p>
</div>"""
    marks = f' id="records" data-id="{escape(shown["id"])}" hidden'
    return section("records", "Records", inner, marks)


def _part(key: str, there: list[Any]) -> str:
    """Marks of a section that is hidden while it has nothing to say."""
    return f' id="part-{key}"{_hidden(not there)}'


def _facts(key: str, rows: Iterable[Mapping[str, Any]]) -> str:
    return f'<dl class="facts" id="{key}">{"".join(map(_row, rows))}</dl>'


def _row(fact: Mapping[str, Any]) -> str:
    mark = f' id="{fact["key"]}"' if fact["key"] else ""
    value = dated(fact["text"]) if fact["ours"] else escape(fact["text"])
    return f"<dt>{fact['label']}</dt><dd{mark}>{value}</dd>"


def _hidden(yes: bool) -> str:
    return " hidden" if yes else ""
