"""Reading one deletion through its capability URL: the status document, its page, and the outcome of every
id.

Any link that is not good is 404, whether there is such a deletion or not (contract section 3).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.document import document, named
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.ids import is_deletion_id
from chalicelib.domain.outcomes import CHUNK_SIZE, Chunk, Mark, outcome_name
from chalicelib.service.operators.family import with_children
from chalicelib.web import links, responses
from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.intake import Secret

PAGE_SIZE = 500  # divides CHUNK_SIZE, so that a page lies in one chunk
NO_RECORDS = "the view was not listed, and Zoho does not list its job's records: the counts are all there is"
#: What the script of a page asks for: what the page is made of. No public interface.
OF_A_PAGE = "application/vnd.expunge.page+json"
FORGOTTEN = "its ids were forgotten, as an operator asked: the counts are all there is"
_CURSOR = r"[0-9]{1,9}"


class Deletions(Protocol):
    """The part of the ledger that reading needs."""

    def get(self, deletion_id: str) -> Deletion | None:
        """The deletion as it stands. Raises Unavailable or Unreadable."""

    def chunk(self, deletion_id: str, number: int) -> Chunk:
        """A chunk of its ids with their outcomes so far. Raises Unavailable or Unreadable."""

    def get_many(self, deletion_ids: Sequence[str]) -> Mapping[str, Deletion]:
        """Those of the deletions that are there and can be read, by id."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The endpoints for readers. `nonce` makes an unguessable text for each page. `stage`: its name, for the
    commands that a page shows, "" for the local one; `evidence`: it writes signed receipts.
    """

    deletions: Deletions
    links: Secret
    nonce: Callable[[], str]
    stage: str = ""
    evidence: bool = True
    clock: Callable[[], float] = time.time

    def status(self, request: HttpRequest) -> Answer:
        """The status document, or a page of it where a browser asks. Raises NotFound or Unavailable."""
        [deletion] = with_children(self.deletions, [self._deletion(request)])
        shown = document(deletion)
        # One address, two answers: a browser that goes back must not get the JSON that the page fetched.
        vary = {"Vary": "Accept"}
        if not request.accepts_html() and not request.accepts(OF_A_PAGE):
            return responses.ok(200, shown, vary)
        from chalicelib.web import page, page_status, page_view

        stage = page_view.Stage(self.stage, self.evidence)
        view = page_view.view(shown, deletion, stage, self.clock())
        if not request.accepts_html():
            return responses.ok(200, view, vary)
        nonce = self.nonce()
        text = page_status.render(view, nonce)
        return responses.page(200, text, {**vary, **page.headers(nonce)})

    def records(self, request: HttpRequest) -> Answer:
        """One page of outcomes. Raises NotFound, Unavailable, or NotValid for a cursor that is not ours."""
        deletion = self._deletion(request)
        start = _start(request.query.get("cursor", ""))
        if not deletion.chunks or deletion.forgotten_at:
            note = FORGOTTEN if deletion.forgotten_at else NO_RECORDS
            return responses.ok(200, {"records": [], "next_cursor": None, "note": note})
        found: list[dict[str, Any]] = []
        if start < deletion.id_count:
            chunk = self.deletions.chunk(deletion.id, start // CHUNK_SIZE)
            offset = start % CHUNK_SIZE
            shown = range(offset, min(offset + PAGE_SIZE, len(chunk.ids)))
            found = [_record(deletion, chunk, at) for at in shown]
        more = start + PAGE_SIZE < deletion.id_count
        return responses.ok(200, {"records": found, "next_cursor": str(start + PAGE_SIZE) if more else None})

    def _deletion(self, request: HttpRequest) -> Deletion:
        deletion_id = request.path_params.get("id", "")
        if not is_deletion_id(deletion_id) or not self._may_read(deletion_id, request.query.get("token", "")):
            raise responses.NotFound
        found = self.deletions.get(deletion_id)
        if found is None:
            raise responses.NotFound
        return found

    def _may_read(self, deletion_id: str, token: str) -> bool:
        if links.is_good(deletion_id, token, links.keys_from(self.links.value())):
            return True
        # Another process may have made the link with a key that is newer than what is kept here.
        fresh = self.links.fresh()
        return fresh is not None and links.is_good(deletion_id, token, links.keys_from(fresh))


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    if not re.fullmatch(_CURSOR, cursor) or int(cursor) % PAGE_SIZE:
        raise NotValid(
            "the cursor is not valid", (Field("/cursor", "must be the next_cursor of an answer, unchanged"),)
        )
    return int(cursor)


def _record(deletion: Deletion, chunk: Chunk, at: int) -> dict[str, Any]:
    code, message = chunk.codes.get(at, (None, None))
    return {
        **named(deletion, chunk.ids[at]),
        "outcome": outcome_name(Mark(chunk.marks[at])),
        "code": code or None,
        "message": message or None,
    }
