"""The operators' endpoints about erasing people: maps and the person map (contract section 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.callers import Caller
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.ids import is_deletion_id
from chalicelib.service.operators import people
from chalicelib.service.operators.people import People
from chalicelib.web import operator_query, responses, strict_json
from chalicelib.web.http import Answer, HttpRequest
from chalicelib.web.intake import MOST_BYTES, Note
from chalicelib.web.signature import Unauthorized

_CURSOR = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class PersonEndpoints:
    """The endpoints with what they need. Methods raise what responses.refusal turns into answers."""

    people: People
    note: Note
    clock: Callable[[], float]

    def map(self, request: HttpRequest) -> Answer:
        """GET deletions/{id}/map: a page of the map's entries, and what is out of reach."""
        _caller(request)
        deletion_id = request.path_params.get("id", "")
        if not is_deletion_id(deletion_id):
            raise responses.NotFound
        page = people.map_page(self.people, deletion_id, _page(request))
        erasure = page.deletion.erasure
        return responses.ok(
            200,
            {
                "map_hash": erasure["map_hash"],
                "entries": list(page.entries),
                "out_of_reach": erasure["out_of_reach"],
                "next_cursor": None if page.following is None else str(page.following),
            },
        )

    def person_map(self, request: HttpRequest) -> Answer:
        """GET person-map: the org's, as put or by default."""
        _caller(request)
        found = people.person_map(self.people, operator_query.org(request.query))
        return responses.ok(200, found.to_json())

    def put_person_map(self, request: HttpRequest) -> Answer:
        """PUT person-map: the whole of it; what it leaves out has its default."""
        caller = Caller(_caller(request), self.clock())
        org = operator_query.org(request.query)
        if len(request.body) > MOST_BYTES:
            raise responses.TooLarge(MOST_BYTES)
        put = people.put(self.people, org, strict_json.parse(request.body), caller)
        self.note("PersonMapPut", org=org, modules=len(put.modules))
        return responses.ok(200, put.to_json())


def _page(request: HttpRequest) -> int:
    given = request.query.get("cursor", "0")
    if not _CURSOR.fullmatch(given):
        raise NotValid(
            "the request is not valid", (Field("/cursor", "must be the next_cursor of an answer, unchanged"),)
        )
    return int(given)


def _caller(request: HttpRequest) -> str:
    """Who IAM let in. A route that was left open by mistake lets nobody in."""
    if not request.caller:
        raise Unauthorized("no_caller")
    return request.caller
