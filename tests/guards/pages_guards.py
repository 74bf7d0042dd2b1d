"""Guards of the pages for people, as rows of guard.Guard: name, file, old, new, tests."""

from __future__ import annotations

_STATUS = "chalicelib/web/page_status.py"
_PAGE = "chalicelib/web/page.py"
_SERVER = "cli/dashboard/server.py"
_PAGE_TESTS = ("tests/unit/web/test_page.py",)
_SERVER_TESTS = ("tests/cli/test_dashboard_server.py",)

PAGES = (
    ("the page's data cannot end its element", _STATUS, '.replace("<", "\\\\u003c")', "", _PAGE_TESTS),
    ("the page's facts are text", _STATUS, 'else escape(fact["text"])', 'else fact["text"]', _PAGE_TESTS),
    ("the page's waits are text", _STATUS, 'escape(view["reason"])', 'view["reason"]', _PAGE_TESTS),
    (
        "the page's times are text",
        _PAGE,
        "_TIME.sub(_time, escape(part))",
        "_TIME.sub(_time, part)",
        _PAGE_TESTS,
    ),
    (
        "the page's code is text",
        _PAGE,
        "<code>{escape(part)}</code>",
        "<code>{part}</code>",
        _PAGE_TESTS,
    ),
    ("the page's commands are text", _PAGE, "words = escape(text)", "words = text", _PAGE_TESTS),
    (
        "only the page's own script runs",
        _PAGE,
        "script-src 'nonce-{nonce}'",
        "script-src 'unsafe-inline'",
        _PAGE_TESTS,
    ),
    ("the overview's address is good once", _SERVER, "            self._once = None\n", "", _SERVER_TESTS),
    ("the overview's cookie", _SERVER, "if not self.room.knows(", "if not callable(", _SERVER_TESTS),
    (
        "the overview's name",
        _SERVER,
        'return self.headers.get("Host", "").lower() in',
        "return None not in",
        _SERVER_TESTS,
    ),
    ("the overview is no other site's", _SERVER, 'in ("none", "same-origin")', 'not in ("",)', _SERVER_TESTS),
)
