"""The one way to Zoho: every answer is noted before anybody sees it, so that no use case can forget to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from chalicelib.domain.recycle_bin import BinIds
from chalicelib.domain.request import Territory
from chalicelib.domain.zoho.asking import SearchQuery, Selection
from chalicelib.domain.zoho.reply import Reply
from chalicelib.service.zoho_port import Zoho


class Gate:
    """A client of Zoho (ports.Zoho) whose every answer is handed to `spent`, also one that never left.

    Threads may share it: `spent` is called by one of them at a time. A method that the port gains and this
    class lacks fails the type check wherever a Gate is used as a client.
    """

    def __init__(self, zoho: Zoho, spent: Callable[[Reply], object]) -> None:
        self.org = zoho.org
        self._zoho = zoho
        self._spent = spent
        self._one_at_a_time = Lock()

    def _noted(self, reply: Reply) -> Reply:
        with self._one_at_a_time:
            self._spent(reply)
        return reply

    def delete_records(self, module: str, ids: Sequence[str], wf_trigger: bool) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.delete_records(module, ids, wf_trigger))

    def delete_external(self, module: str, field_name: str, value: str, wf_trigger: bool) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.delete_external(module, field_name, value, wf_trigger))

    def mass_delete_ids(self, module: str, ids: Sequence[str]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.mass_delete_ids(module, ids))

    def mass_delete_view(self, module: str, cvid: str, territory: Territory | None) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.mass_delete_view(module, cvid, territory))

    def delink(self, module: str, record_id: str, related_list: str, ids: Sequence[str]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.delink(module, record_id, related_list, ids))

    def job_status(self, module: str, job_id: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.job_status(module, job_id))

    def count(self, module: str, cvid: str | None = None) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.count(module, cvid))

    def read(self, module: str, ids: Sequence[str]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.read(module, ids))

    def converted(self, module: str, ids: Sequence[str]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.converted(module, ids))

    def read_external(self, module: str, field_name: str, value: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.read_external(module, field_name, value))

    def view_ids(self, module: str, cvid: str, page_token: str | None, per_page: int = 200) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.view_ids(module, cvid, page_token, per_page))

    def coql(self, select_query: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.coql(select_query))

    def deleted_since(self, module: str, since: float, page: int) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.deleted_since(module, since, page))

    def bin_entries(self, ids: BinIds) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.bin_entries(ids))

    def restore_from_bin(self, ids: BinIds) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.restore_from_bin(ids))

    def delete_from_bin(self, ids: BinIds) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.delete_from_bin(ids))

    def permanently_deleted_since(self, module: str, since: float, page: int) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.permanently_deleted_since(module, since, page))

    def modules(self) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.modules())

    def fields(self, module: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.fields(module))

    def related_lists(self, module: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.related_lists(module))

    def search(self, module: str, search: SearchQuery, page: int) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.search(module, search, page))

    def select(self, selection: Selection) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.select(selection))

    def read_values(self, module: str, ids: Sequence[str], columns: Sequence[str]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.read_values(module, ids, columns))

    def read_record(self, module: str, record_id: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.read_record(module, record_id))

    def related(
        self, module: str, record_id: str, related_list: str, page: int, columns: Sequence[str] = ()
    ) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.related(module, record_id, related_list, page, columns))

    def related_counts(self, module: str, record_id: str, related_lists: Sequence[str]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.related_counts(module, record_id, related_lists))

    def update(self, module: str, record_id: str, values: Mapping[str, object]) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.update(module, record_id, values))

    def delete_attachment(self, module: str, record_id: str, attachment_id: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.delete_attachment(module, record_id, attachment_id))

    def delete_photo(self, module: str, record_id: str) -> Reply:
        """As ports.Zoho."""
        return self._noted(self._zoho.delete_photo(module, record_id))
