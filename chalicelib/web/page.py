"""What every page for people is made with: its frame, the policy it comes under, and refusals in plain words.

Loaded by the first browser that comes, not by a function that starts: programs need no page.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
#: Its own picture, as the policy lets nothing in from outside.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' "
    "cy='8' r='7' fill='%231a7f4b'/%3E%3Cpath d='M4 8h8' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E"
)
_REFUSED = {
    404: (
        "There is nothing here",
        (
            "The link is not complete, or it is no longer good: deletions are kept for a limited time, and "
            "links end with the key that they were made with. Open it again from where you got it, and copy "
            "all of it."
        ),
    ),
    503: (
        "Not available right now",
        (
            "Expunge cannot read its records for the moment. The deletion itself goes on. Load this page "
            "again in a minute."
        ),
    ),
}
#: An option in a command, as escaped text.
_OPTION = re.compile(r"( )(--[a-z][a-z-]*)")
#: A time as the status document has it.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_NOT_TODAY = ("This cannot be shown", "Check that you opened the whole link as you got it.")


def headers(nonce: str) -> dict[str, str]:
    """What the browser is told: run only what bears this nonce, talk only to where the page came from, and
    make markup of no text.
    """
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {"Content-Security-Policy": policy}


@cache
def asset(name: str) -> str:
    """A file that is put into pages. It holds no "</", so it cannot end its element."""
    return (ASSETS / name).read_text(encoding="utf-8")


def frame(title: str, body: str, nonce: str, style: str) -> str:
    """A whole page around `body`, which is markup; `title` is text."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)} - Expunge</title>
<link rel="icon" href="{_ICON}">
<style nonce="{nonce}">{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def section(key: str, title: str, inner: str, marks: str = "") -> str:
    """A part of a page under its own heading; `inner` is markup, `marks` more attributes."""
    return f"""<section aria-labelledby="h-{key}"{marks}>
<h2 id="h-{key}">{title}</h2>
{inner}</section>
"""


def dated(text: str) -> str:
    """Markup of a text of our own: its times are shown in UTC, and scripts add the reader's own; what stands
    in backticks is code.
    """
    parts = text.split("`")
    parts = parts if len(parts) % 2 else [text]  # a lone backtick stays one
    shown = (
        f"<code>{escape(part)}</code>" if at % 2 else _TIME.sub(_time, escape(part))
        for at, part in enumerate(parts)
    )
    return "".join(shown)


def _time(found: re.Match[str]) -> str:
    at = found[0]
    return f'<time datetime="{at}">{at[:10]} {at[11:19]} UTC</time>'


def command(text: str) -> str:
    """Markup of a command with a button that copies it, which scripts show."""
    words = escape(text)
    shown = _OPTION.sub(r'\1<span class="option">\2</span>', words)
    copy = f'<button type="button" class="copy" aria-label="Copy: {words}" hidden>Copy</button>'
    return f'<div class="command"><code>{shown}</code>{copy}</div>'


def refused(status: int, request_id: str, nonce: str) -> str:
    """The page for a refusal (404, 503): what it means in plain words, the same for every bad link."""
    title, says = _REFUSED.get(status, _NOT_TODAY)
    body = f"""<main>
<h1>{escape(title)}</h1>
<section><p>{escape(says)}</p></section>
<footer><p>Request {escape(request_id)}</p></footer>
</main>"""
    return frame(title, body, nonce, asset("page.css"))
