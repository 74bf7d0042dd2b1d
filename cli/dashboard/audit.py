"""The audit view: any deletion of a stage, ended ones too, found by time, source, reference, status and
module; and the same as CSV. The filters that are asked for are checked here, their values by the API.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli import http
from cli.dashboard.sums import row
from cli.evidence import exported

#: Filters that the view knows; the API says what is wrong with a value.
FILTERS = ("since", "until", "status", "source", "reference", "module", "org")
#: Deletions that a page shows at least, where there are so many, and pages of the API that it reads for that.
PAGE, LOOKS = 50, 8
Query = Mapping[str, str]


@dataclass(frozen=True)
class Audit:
    """`api`: operator_api.OperatorApi. `store`: makes the store of the evidence, for the names of receipts;
    it may raise ClickException, ClientError, BotoCoreError.
    """

    api: Any
    store: Callable[[], Any]

    def page(self, query: Query) -> dict[str, Any]:
        """A page of deletions, newest first. Raises ClickException where the API refuses."""
        asked, found = _asked(query), list[Mapping[str, Any]]()
        cursor: str | None = query.get("cursor", "")
        for _ in range(LOOKS):
            more = {"cursor": cursor} if cursor else {}
            page = http.good(self.api.call("GET", "deletions", {**asked, **more}))
            found += page["deletions"]
            cursor = page["next_cursor"]
            if cursor is None or len(found) >= PAGE:
                break
        return {"rows": [row(each) for each in found], "next_cursor": cursor}

    def csv(self, query: Query) -> dict[str, Any]:
        """All that the filters mean as lines of CSV, with the columns of `expunge audit export`. `note`: why
        a column is empty.
        """
        note = ""
        try:
            rows = list(exported.rows(self.api, self.store(), _asked(query)))
        except (ClientError, BotoCoreError) as problem:
            note = f"The column receipt is empty: the evidence cannot be read ({type(problem).__name__})."
            rows = list(exported.rows(self.api, None, _asked(query)))
        return {"lines": lines(rows), "note": note}


def lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The rows as CSV, line by line; no cell has a line break (csv_out)."""
    sink = io.StringIO()
    exported.write(rows, sink)
    return sink.getvalue().splitlines()


def _asked(query: Query) -> dict[str, str]:
    """The filters of the query. Raises ClickException for one that there is not."""
    for name in query:
        if name not in (*FILTERS, "cursor"):
            raise click.ClickException(f"there is no filter {name}")
    return {name: query[name] for name in FILTERS if query.get(name)}
