"""A Zoho org in memory behind the Zoho port: records, a view, jobs by a clock, and replies that can be
scripted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.domain.request import Territory
from chalicelib.domain.view_rounds import ROUND_LIMIT
from chalicelib.domain.zoho.reply import Item, Reply
from chalicelib.service.zoho_port import Org
from tests.fake_bin import FakeBin
from tests.fake_people import FakePeople

ORG = Org("default", "1000.X", "s", "1000.Y", "http://127.0.0.1:1", "http://127.0.0.1:1")


def error(code: str, status: int = 400, message: str = "", **details: Any) -> Reply:
    """A bare error object."""
    return Reply(status, error=Item(code, message, details=details), body={"code": code})


LOST = Reply(None, sent=True, failure="read timeout")
REFUSED = Reply(None, sent=False, failure="connection refused")


class FakeZoho(FakeBin, FakePeople):
    """Implements ports.Zoho. `script` holds replies (or functions run before the work) for the next calls of
    a name.

    A callable in the script is given the method and its reply replaces the real one, so `lose` does the work
    and then loses the answer.
    """

    def __init__(self, clock: Callable[[], float], records: Sequence[str] = ()) -> None:
        FakeBin.__init__(self)
        FakePeople.__init__(self)
        self.org = ORG
        self.clock = clock
        self.records = dict.fromkeys(records)
        self.external: dict[str, list[str]] = {}  # records by external id; an id that is not here is its own
        self.unseen: set[str] = set()  # records that the user may neither see nor delete
        self.locked: set[str] = set()
        self.were_converted: set[str] = set()
        self.others = 0  # records of the module that the view does not show
        self.outside: set[str] = set()  # records that are there and not in the view
        self.list_lag = 0.0  # how long (seconds) the deleted list does not name what has gone
        self.list_page = 200
        self.deleted: list[tuple[str, float]] = []
        self.job: dict[str, Any] | None = None
        self.job_seconds = 2.0
        self.job_most = ROUND_LIMIT
        self.log: list[tuple[str, Any]] = []
        self.script: dict[str, list[Any]] = {}

    def _do(self, name: str, what: Any, work: Callable[[], Reply]) -> Reply:
        self.log.append((name, what))
        self._run_job()
        self._run_bin()
        planned = self.script.get(name, [])
        step = planned.pop(0) if planned else None
        reply: Reply = work() if step is None else step(work) if callable(step) else step
        return reply if reply.status is None or reply.date is not None else replace(reply, date=self.date)

    @property
    def date(self) -> float:
        """Zoho's clock, as its answers tell it: whole seconds."""
        return float(int(self.clock()))

    def module_of(self, one: str) -> str:
        """That of the person's record, where it is one."""
        having = (name for name, module in self.people.items() if one in module.values)
        return next(having, self.bin_module)

    def sent(self, name: str) -> list[Any]:
        """What was sent by the calls of this name."""
        return [what for n, what in self.log if n == name]

    def _remove(self, one: str, at: float | None = None) -> Item:
        if one in self.locked:
            return Item("RECORD_LOCKED", "the record is locked", id=one)
        if one in self.were_converted:
            return Item("CONVERTED_RECORD", "record is converted", id=one)
        if one not in self.records or one in self.unseen:
            return Item("INVALID_DATA", "record not deleted", id=one)
        self.to_bin(one, self.clock() if at is None else at)
        self.outside.discard(one)
        return Item("SUCCESS", "record deleted", ok=True, id=one)

    def remove_note(self, one: str) -> Item:
        """A note that is a record of its own goes as one; another one is known by the list that has it."""
        if one in self.records:
            return self._remove(one)
        holding = [held for key, held in self.belongs.items() if key[2] == "Notes" and one in held]
        for held in holding:
            held.remove(one)
        if not holding:
            return Item("INVALID_DATA", "record not deleted", id=one)
        return Item("SUCCESS", "record deleted", ok=True, id=one)

    def _answer(self, items: list[Item]) -> Reply:
        good = sum(item.ok for item in items)
        status = 200 if good == len(items) else 207 if good else 400
        return Reply(status, items=tuple(reversed(items)), body={"data": []})

    def delete_records(self, module: str, ids: Sequence[str], wf_trigger: bool) -> Reply:
        remove = self.remove_note if module == "Notes" else self._remove
        return self._do("delete_records", list(ids), lambda: self._answer([remove(i) for i in ids]))

    def delete_external(self, module: str, field_name: str, value: str, wf_trigger: bool) -> Reply:
        return self._do("delete_external", value, lambda: self._answer([self._remove(value)]))

    def mass_delete_ids(self, module: str, ids: Sequence[str]) -> Reply:
        return self._do("mass_delete_ids", list(ids), lambda: self._answer([self._remove(i) for i in ids]))

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        linked = self.belongs.get((module, record_id, related_list))

        def unlinked(one: str) -> Item:
            if linked is None or one not in linked:
                return Item("INVALID_DATA", "the related id given seems to be invalid", id=one)
            linked.remove(one)
            return Item("SUCCESS", "relation removed", ok=True, id=one)

        def work() -> Reply:
            if linked is not None:
                return self._answer([unlinked(i) for i in ids])
            found = [self._remove(i) for i in ids]
            return self._answer(
                [i if i.ok else Item("INVALID_DATA", "the related id", id=i.id) for i in found]
            )

        return self._do("delink", list(ids), work)

    def read(self, module: str, ids: Sequence[str]) -> Reply:
        def work() -> Reply:
            seen = self.records.keys() - self.unseen
            there = tuple(Item("", ok=True, id=i) for i in ids if i in seen)
            return Reply(200, items=there, body={"data": []})

        return self._do("read", list(ids), work)

    def converted(self, module: str, ids: Sequence[str]) -> Reply:
        def work() -> Reply:
            found = tuple(Item("", ok=True, id=i) for i in ids if i in self.were_converted)
            return Reply(200, items=found, body={"data": []})

        return self._do("converted", list(ids), work)

    def read_external(self, module: str, field_name: str, value: str) -> Reply:
        """The records of `external`; an id that is not there is its own record's."""

        def work() -> Reply:
            found = [one for one in self.external.get(value, [value]) if one in self.records]
            return Reply(200, items=tuple(Item("", ok=True, id=one) for one in found), body={"data": []})

        return self._do("read_external", value, work)

    # --- the view: all records ---------------------------------------------------------------------

    @property
    def view(self) -> list[str]:
        """Ids that the view holds, in its order."""
        return [one for one in self.records if one not in self.outside]

    def _run_job(self) -> None:
        job = self.job
        if job and job["status"] == "RUNNING" and self.clock() >= job["ends"]:
            done = [self._remove(i, job["ends"]) for i in job["ids"]]
            job |= {"status": "COMPLETED", "deleted": sum(item.ok for item in done)}

    def mass_delete_view(self, module: str, cvid: str, territory: Territory | None) -> Reply:
        def work() -> Reply:
            if self.job and self.job["status"] == "RUNNING":
                return error("ALREADY_SCHEDULED")
            if not self.view:
                return error("NO_RECORDS_FOUND")
            ids = self.view[: self.job_most]
            ends = self.clock() + self.job_seconds
            self.job = {"id": "77", "ids": ids, "status": "RUNNING", "ends": ends, "deleted": 0}
            return Reply(200, items=(Item("SUCCESS", ok=True, details={"job_id": "77"}),), body={"data": []})

        return self._do("mass_delete_view", cvid, work)

    def job_status(self, module: str, job_id: str) -> Reply:
        def work() -> Reply:
            if self.job is None or self.job["id"] != job_id:
                return error(
                    "INVALID_DATA", message="The jobid given seems to be invalid", param_name="job_id"
                )
            total, deleted = len(self.job["ids"]), self.job["deleted"]
            failed = total - deleted if self.job["status"] != "RUNNING" else 0
            told = {
                "Status": self.job["status"],
                "Total_Count": total,
                "Deleted_Count": deleted,
                "Failed_Count": failed,
            }
            return Reply(200, body={"data": [told]})

        return self._do("job_status", job_id, work)

    def count(self, module: str, cvid: str | None = None) -> Reply:
        more = 0 if cvid else self.others
        return self._do(
            "count", cvid, lambda: Reply(200, body={"count": len(self.view if cvid else self.records) + more})
        )

    def view_ids(self, module: str, cvid: str, page_token: str | None, per_page: int = 200) -> Reply:
        def work() -> Reply:
            start = int(page_token or 0)
            ids = self.view[start : start + per_page]
            more = start + per_page < len(self.view)
            info = {"more_records": more, "next_page_token": str(start + per_page) if more else None}
            found = tuple(Item("", ok=True, id=i) for i in ids)
            return Reply(200, items=found, body={"data": [], "info": info})

        return self._do("view_ids", page_token, work)

    def coql(self, select_query: str) -> Reply:
        """The records behind `id >`, in the order of ids; whatever else is asked, all of them match."""

        def work() -> Reply:
            behind = re.search(r"id > ([0-9]+)", select_query)
            limit = int(select_query.rpartition("limit ")[2])
            ids = sorted((i for i in self.records if not behind or int(i) > int(behind[1])), key=int)
            found = tuple(Item("", ok=True, id=i) for i in ids[:limit])
            return Reply(200, items=found, body={"data": [], "info": {"more_records": len(ids) > limit}})

        return self._do("coql", select_query, work)


def lose(work: Callable[[], Reply]) -> Reply:
    """The work is done, the answer is lost."""
    work()
    return LOST
