"""The operators' log in the dashboard: who changed what, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from cli import http
from cli.evidence.logs import change_of


@dataclass(frozen=True)
class OperatorsLog:
    """`api`: operator_api.OperatorApi."""

    api: Any

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of the log, newest first, each entry with its change in words. Raises ClickException where
        the API refuses.
        """
        if set(query) - {"cursor"}:
            raise click.ClickException("the log is read page after page only")
        asked = {"cursor": query["cursor"]} if query.get("cursor") else {}
        page = http.good(self.api.call("GET", "log", asked))
        shown = [
            {**{name: each[name] for name in ("at", "by", "what", "target")}, "change": change_of(each)}
            for each in page["entries"]
        ]
        return {"entries": shown, "next_cursor": page["next_cursor"]}
