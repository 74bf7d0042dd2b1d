"""The overview's page: a frame that its script fills, and refusals in plain words."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path

from chalicelib.domain.status import Status
from chalicelib.web.page import asset, frame, section

_ASSETS = Path(__file__).parent / "assets"
_TITLE = "Deletions"


@cache
def _own(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def render(nonce: str, seconds: float) -> str:
    """The page; it reads its data every `seconds`."""
    body = f"""<main class="wide" data-seconds="{seconds:g}">
<h1 id="title">{_TITLE}</h1>
<nav aria-label="Views">{"".join(_tab(*each) for each in _VIEWS)}</nav>
<p class="soft" id="live">Reading, which may take a moment.</p>
<p class="away" id="say" role="status"></p>
<p id="stale" class="warning" hidden></p>
<p id="part" class="warning" hidden></p>
<div id="pauses"></div>
<div id="view-overview"><div id="all" hidden>
{_overview()}
</div></div>
<div id="view-audit" hidden>{_audit()}</div>
<div id="view-bin" hidden>{_bin()}</div>
<div id="view-operators" hidden>{_operators()}</div>
<footer><p>Nothing can be changed from this page. Only this browser can read it, and only until the command
ends. Times are this machine's, with UTC beside them; days, months and hours are UTC.</p></footer>
</main>
<script nonce="{nonce}">{asset("page.js")}{"".join(map(_own, _SCRIPTS))}</script>"""
    return frame(_TITLE, body, nonce, asset("page.css") + _own("dashboard.css"))


_SCRIPTS = ("dashboard.js", "views.js")
_VIEWS = (("overview", "Overview"), ("audit", "Audit"), ("bin", "Recycle bin"), ("operators", "Operators"))


def _tab(key: str, title: str) -> str:
    chosen = "true" if key == "overview" else "false"
    return f'<button type="button" data-view="{key}" aria-pressed="{chosen}">{title}</button>'


def _overview() -> str:
    charts = "".join(map(_chart, ("deletions", "records", "calls")))
    parts = (
        section("now", "Now", _tiles("now")),
        section("attention", "Needs attention", _list("attention", "Nothing.")),
        section("totals", "This period", _tiles("totals")),
        section("time", "Over time", f'<div class="charts">{charts}</div>'),
        section("lanes", "Mass deletes by view", _list("lanes", "None runs or waits.")),
        section("open", "In progress", _list("open", "Nothing.")),
        section("ended", "Ended lately", _list("ended", "Nothing has ended.") + _ALL),
        section("failures", "Problems by code", _list("failures", "None.")),
        section("policies", "Retention policies", _list("policies", "There are none.")),
    )
    return "".join(parts)


def _tiles(key: str) -> str:
    """Numbers, under a sentence that says of what they are."""
    return f'<p class="soft small" id="{key}-says"></p><dl class="counts" id="{key}"></dl>'


_ALL = '<p class="tools"><button type="button" data-view="audit">All deletions</button></p>'


def _audit() -> str:
    statuses = "".join(
        f'<option value="{each.value}">{each.value.replace("_", " ")}</option>' for each in Status
    )
    inner = f"""<form class="tools" id="filters" role="search" aria-label="Deletions">
<label>Month<select id="month"><option value="">Other</option></select></label>
<label>From<input type="date" id="since"></label>
<label>Until, not included<input type="date" id="until"></label>
<label>Status<select id="status"><option value="">All</option>{statuses}</select></label>
<label>Source<input id="source" autocomplete="off" placeholder="policy:NAME for a policy"></label>
<label>Reference, whole<input id="reference" autocomplete="off"></label>
<label>Module<input id="module" autocomplete="off"></label>
<button type="submit">Show</button>
<button type="button" id="csv">Download CSV</button></form>
<p class="small" id="audit-says" role="status"></p>
{_list("audit", "There are none.")}
<p class="tools"><button type="button" id="more" hidden>Older ones</button></p>"""
    return section("audit", "Audit", inner)


def _bin() -> str:
    says = """<p class="small soft">What was deleted lies in Zoho's recycle bin until it is deleted for good:
by Expunge, where that was asked for, or by Zoho after 60 days. Until then an operator can restore it.</p>
<p class="small" id="bin-says" role="status"></p>"""
    found = _list("bin", "Nothing that could still come back.")
    return section("bin", "What becomes permanent when", says + found)


def _operators() -> str:
    says = """<p class="small soft">What people changed: holds, pauses, policies, sources, keys; what was
approved, cancelled, resolved, retried, restored. The newest first, of the last 30 days at first.</p>
<p class="small" id="operators-says" role="status"></p>"""
    more = '<p class="tools"><button type="button" id="before" hidden>Older ones</button></p>'
    return section("operators", "Operators' log", says + _list("operators", "Nothing was changed.") + more)


def plain(words: str, nonce: str) -> str:
    """A page that says one thing."""
    body = f"<main><h1>{_TITLE}</h1><section><p>{escape(words)}</p></section></main>"
    return frame(_TITLE, body, nonce, asset("page.css"))


def entrance(path: str, nonce: str) -> str:
    """The page that goes on to `path` by itself, as a page of our own."""
    link = f'<a href="{escape(path)}">To the overview</a>'
    body = f"""<main><h1>{_TITLE}</h1><section><p>{link}</p></section></main>
<script nonce="{nonce}">location.replace({json.dumps(path)});</script>"""
    return frame(_TITLE, body, nonce, asset("page.css"))


def _chart(key: str) -> str:
    """A place for a chart, with the same numbers as a table below it."""
    return f"""<figure id="chart-{key}"><figcaption></figcaption><div class="plot"></div>
<ul class="legend"></ul><details><summary>As a table</summary>
<div class="scroll" role="region" tabindex="0"></div></details></figure>
"""


def _list(key: str, nothing: str) -> str:
    return f'<p class="soft" id="no-{key}">{nothing}</p><div class="scroll" id="{key}"></div>'
