"""The Zoho of the crash matrix: the fake one, quick with many records, with links apart from records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain.request import Territory
from chalicelib.domain.zoho.reply import Item, Reply
from tests.fake_zoho import FakeZoho

#: Large enough for one page: the matrix makes each call go wrong, and many alike tell nothing new.
LARGE_PAGE = 20_000


class MatrixZoho(FakeZoho):
    """`removed`: ids in the order in which they went, also those that came back in between.

    `list_page`: records of a page, of a view and of the deleted list.
    """

    def __init__(self, clock: Callable[[], float], records: Sequence[str], concurrency: int) -> None:
        super().__init__(clock, records)
        self.org = replace(self.org, concurrency=concurrency)
        self.links: dict[str, None] = {}
        self.delinked: list[str] = []
        self.unlock_at: float | None = None
        self.jobs_started = 0
        self.list_page = LARGE_PAGE

    def _listed(self, module: str, record_id: str, name: str) -> list[str]:
        """A campaign is in the list of whom it has as a member."""
        found = super()._listed(module, record_id, name)
        return [one for one in found if name != "Campaigns" or record_id in self.belongs[name, one, module]]

    @property
    def removed(self) -> list[str]:
        """Everything that was ever deleted or delinked, as often as it was."""
        return [one for one, _ in self.deleted]

    def _remove(self, one: str, at: float | None = None) -> Item:
        if self.unlock_at is not None and self.clock() >= self.unlock_at:
            self.locked = set()
        return super()._remove(one, at)

    def _run_job(self) -> None:
        job = self.job
        if job and job["status"] == "RUNNING" and self.clock() >= job["ends"]:
            gone = [i for i in job["ids"] if i in self.records]
            self.records = {i: None for i in self.records if i not in job["doomed"]}
            for one in gone:
                self.to_bin(one, job["ends"])
            job |= {"status": "COMPLETED", "deleted": len(gone)}

    def mass_delete_view(self, module: str, cvid: str, territory: Territory | None) -> Reply:
        before = self.job
        reply = super().mass_delete_view(module, cvid, territory)
        if self.job is not None and self.job is not before:
            self.job["doomed"] = set(self.job["ids"])
            self.jobs_started += 1
        return reply

    def view_ids(self, module: str, cvid: str, page_token: str | None, per_page: int = 200) -> Reply:
        """As many a page as this Zoho lists, whatever was asked for."""
        return super().view_ids(module, cvid, page_token, max(per_page, self.list_page))

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        self.delinked.append(f"delink {module} {record_id} {related_list} {list(ids)}")
        if (module, record_id, related_list) in self.belongs:
            return super().delink(module, record_id, related_list, ids)

        def one(i: str) -> Item:
            if i not in self.links:
                return Item("INVALID_DATA", "the related id given seems to be invalid", id=i)
            del self.links[i]
            self.deleted.append((i, self.clock()))
            return Item("SUCCESS", "relation removed", ok=True, id=i)

        return self._do("delink", list(ids), lambda: self._answer([one(i) for i in ids]))
