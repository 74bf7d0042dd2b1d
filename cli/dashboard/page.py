"""The overview's page: a frame that its script fills, and refusals in plain words."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path

from chalicelib.web.page import asset, frame, section

_ASSETS = Path(__file__).parent / "assets"
_TITLE = "Deletions"


@cache
def _own(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def render(nonce: str, seconds: float) -> str:
    """The page; it reads its data every `seconds`."""
    charts = "".join(map(_chart, ("deletions", "records", "calls")))
    parts = (
        section("now", "Now", '<dl class="counts" id="totals"></dl>'),
        section("attention", "Needs attention", _list("attention", "Nothing.")),
        section("time", "Over time", f'<div class="charts">{charts}</div>'),
        section("lanes", "Mass deletes by view", _list("lanes", "None runs or waits.")),
        section("open", "In progress", _list("open", "Nothing.")),
        section("failures", "Problems by code", _list("failures", "None.")),
        section("policies", "Retention policies", _list("policies", "There are none.")),
    )
    body = f"""<main class="wide" data-seconds="{seconds:g}">
<h1 id="title">{_TITLE}</h1>
<p class="soft" id="live">Reading, which may take a moment.</p>
<p class="away" id="say" role="status"></p>
<p id="part" class="warning" hidden></p>
<div id="pauses"></div>
<div id="all" hidden>
{"".join(parts)}
</div>
<footer><p>Nothing can be changed from this page. Only this browser can read it, and only until the command
ends. Times are this machine's; days and hours of the charts are UTC.</p></footer>
</main>
<script nonce="{nonce}">{_own("dashboard.js")}</script>"""
    return frame(_TITLE, body, nonce, asset("page.css") + _own("dashboard.css"))


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
