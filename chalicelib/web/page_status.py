"""The status document as a page that keeps itself up to date: one answer, fit for phones.

It works without JavaScript (then it is a snapshot). The script fetches the same address as JSON and puts
texts in place with textContent, so that nothing that a sender wrote ever becomes markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.status import FINAL
from chalicelib.web import page_words as words
from chalicelib.web.page import asset, frame, section


def render(shown: Mapping[str, Any], deletion: Deletion, nonce: str) -> str:
    """The page for a status document (contract section 3) and the deletion that it was made of."""
    title = words.title(shown)
    data = _data({"shown": shown, **words.for_script()})
    parts = (
        _state(shown),
        section("counts", "Counts", _counts(shown["counts"])),
        _plan(shown),
        section("problems", "Problems", _problems(shown.get("problems") or [])),
        _records(shown),
        section("asked", "What was asked", _facts(_asked(shown, deletion))),
        section("times", "How it went", _facts(_times(shown))),
    )
    body = f"""<main>
<h1>{escape(title)}</h1>
{"".join(parts)}
<footer><p>Whoever has this page's address can read this deletion, and change nothing.</p></footer>
</main>
<script type="application/json" id="start" nonce="{nonce}">{data}</script>
<script nonce="{nonce}">{asset("status.js")}</script>"""
    return frame(title, body, nonce, asset("page.css"))


def _data(value: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _state(shown: Mapping[str, Any]) -> str:
    waits = words.wait(shown)
    reason = escape(str(shown.get("waiting_for") or ""))
    return f"""<section aria-labelledby="h-state"><h2 id="h-state" class="away">Status</h2>
<p class="state" id="state" data-status="{escape(str(shown["status"]))}">{escape(words.state(shown))}</p>
<p id="meaning">{escape(words.meaning(shown))}</p>
<p id="wait"{_hidden(not waits)}><strong>Waiting for <span id="reason">{reason}</span>.</strong>
 <span id="waits">{escape(waits)}</span></p>
{_bar(shown)}
<p class="soft small" id="live">This is how it stood when the page was loaded.</p>
<p class="away" id="say" role="status"></p></section>"""


def _bar(shown: Mapping[str, Any]) -> str:
    """Outcomes side by side. Sizes are attributes, since the policy takes no style attribute."""
    counts = shown["counts"]
    most, at, parts = max(counts["requested"], 1), 0.0, []
    for kind in (name for name in words.OUTCOMES if name in counts):
        width = 0 if kind == "pending" else round(100 * counts[kind] / most, 3)
        parts.append(f'<rect class="{kind}" x="{round(at, 3)}" y="0" width="{width}" height="4"></rect>')
        at += width
    says, settled = words.progress(counts), counts["requested"] - counts["pending"]
    known = (
        f' aria-valuemin="0" aria-valuemax="{most}" aria-valuenow="{settled}"' if counts["requested"] else ""
    )
    gone = not counts["requested"] and shown["status"] in FINAL
    return f"""<div id="progress"{_hidden(gone)}><svg class="bar" id="bar" viewBox="0 0 100 4"
 preserveAspectRatio="none" role="progressbar" aria-label="Records processed" aria-valuetext="{says}"{known}>
{"".join(parts)}</svg><p id="settled">{says}</p></div>"""


def _counts(counts: Mapping[str, int]) -> str:
    parts = (
        f'<div data-kind="{key}"><dt>{label}</dt><dd id="count-{key}">{counts[key]:,}</dd></div>'
        for key, label in words.COUNTS.items()
        if key in counts
    )
    return f'<dl class="counts">{"".join(parts)}</dl>'


def _plan(shown: Mapping[str, Any]) -> str:
    """What a dry run found, in the same words as the script's; nothing for a real deletion."""
    if not shown.get("dry_run"):
        return ""
    plan = shown.get("plan") or {}
    first = ", ".join(plan.get("first_ids") or ())
    inner = f"""<p id="plan">{escape(words.plan(shown))}</p>
<p class="small" id="first"{_hidden(not first)}>The first: <span id="first-ids">{escape(first)}</span></p>"""
    return section("plan", "Plan", inner)


def _problems(problems: list[Mapping[str, Any]]) -> str:
    items = "".join(
        f"<li><strong><code>{escape(each['code'])}</code> &times; {each['count']:,}</strong>"
        f"<p>{escape(each['meaning'])}</p><p>What to do: {escape(each['what_to_do'])}</p></li>"
        for each in problems
    )
    none = f'<p id="no-problems"{_hidden(bool(problems))}>None.</p>'
    return f'{none}<ul class="list" id="problems"{_hidden(not problems)}>{items}</ul>'


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


def _asked(shown: Mapping[str, Any], deletion: Deletion) -> list[tuple[str, object, str]]:
    """What the request was: (label, value, id of its element). What it did not name is left out."""
    request = deletion.request
    territory = request.territory
    rows: list[tuple[str, object, str]] = [
        ("Operation", words.operation(shown), ""),
        ("Module", request.module, ""),
        ("Records", f"{deletion.id_count:,} ids" if deletion.id_count else "", ""),
        ("Ids are values of", request.external_id_field, ""),
        ("Custom view", request.cvid, ""),
        ("Territory", territory and f"{territory.id}{' and below' * territory.include_child}", ""),
        ("Linked to", request.record_id and f"{request.record_id}, list {request.related_list}", ""),
        ("Policy", shown.get("policy"), ""),
        ("Run", shown.get("run"), ""),
        ("Dry run", "yes: nothing is deleted" if request.dry_run else "no", ""),
        ("May fire workflows", "yes" if request.wf_trigger else "", ""),
        ("At most", f"{deletion.record_limit:,} records", ""),
        ("Source", shown["source"], ""),
        ("Org", shown["org"], ""),
        ("Reference", shown.get("reference") or "none", ""),
        ("Reason", request.reason or "none", ""),
        ("Retry of", shown.get("retry_of"), ""),
        ("Restores what was deleted by", shown.get("restore_of"), ""),
        ("Deletes for good what was deleted by", shown.get("permanent_of"), ""),
        ("Deletion", shown["id"], ""),
    ]
    return [row for row in rows if row[1]]


def _times(shown: Mapping[str, Any]) -> list[tuple[str, object, str]]:
    job = shown.get("job")
    rows: list[tuple[str, object, str]] = [
        ("Created", shown["created_at"], "created_at"),
        ("Updated", shown["updated_at"], "updated_at"),
        ("Finished", shown["finished_at"] or "not yet", "finished_at"),
        ("Approval", words.approval(shown.get("approval")), "approval"),
    ]
    restorable = words.recycle_bin(shown.get("recycle_bin"))
    if restorable:
        rows.append(("Can be restored", restorable, ""))
        rows.append(("How to restore", f"an operator: expunge restore {shown['id']}", ""))
    if shown["operation"] == "mass_delete":
        rows.append(("Job at Zoho", f"{job['status'] or 'started'} ({job['id']})" if job else "none", "job"))
    return rows


def _facts(rows: list[tuple[str, object, str]]) -> str:
    return f'<dl class="facts">{"".join(_row(*row) for row in rows)}</dl>'


def _row(label: str, value: object, key: str) -> str:
    mark = f' id="{key}"' if key else ""
    return f"<dt>{label}</dt><dd{mark}>{escape(str(value))}</dd>"


def _hidden(yes: bool) -> str:
    return " hidden" if yes else ""
