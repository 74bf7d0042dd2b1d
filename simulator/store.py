"""Everything that Zoho stores, with what deleting does to it: no HTTP and no clock."""

from __future__ import annotations

from simulator.contents import Contents, Module, reindex
from simulator.links import LinkKey
from simulator.record import Record, Tombstone

__all__ = ["Module", "Store"]


class Store(Contents):
    """Everything that Zoho stores. Deleting a record costs the same at any size."""

    def delete(self, module: Module, record: Record, now: float, *, along: bool = False) -> Tombstone:
        """Moves the record to the recycle bin; its links and view memberships go with it, and so does what
        hangs on it (``families``).
        """
        del module.records[record.id]
        for view in module.views.values():
            view.members.pop(record.id, None)
        for name, index in module.external.items():
            reindex(index, record, record.fields.get(name), None)
        links = self.links.take(module.name, record.id)
        now = self._deleted_at = max(
            now, self._deleted_at
        )  # keeps the deleted list in the order of its times
        bin_id = record.id if record.id not in self.bin else self.free_id()
        owner = record.fields.get("Owner")
        stone = Tombstone(record.id, bin_id, module.name, now, record.name(), record, links, along, owner)
        module.restored.pop(record.id, None)
        module.deleted[record.id] = stone
        self.bin[bin_id] = stone
        for name, child_id in self.families.of(record.id, self.modules):
            child = self.modules[name].records.get(child_id)
            if child is not None:
                stone.children.append(self.delete(self.modules[name], child, now, along=True))
        if self.on_delete is not None and not along:
            self.on_delete(stone, now)
        if module.name in self.without_bin:
            self.purge(stone, now)
        return stone

    def purge(self, stone: Tombstone, now: float) -> None:
        """Out of the recycle bin, for good, with what went into it along with the record."""
        stone.record, stone.links, stone.left_at = None, [], now
        self._out_of_bin(stone)
        self.module(stone.module).permanent[stone.id] = stone
        for child in stone.children:
            if self.bin.get(child.bin_id) is child:
                self.purge(child, now)

    def _out_of_bin(self, stone: Tombstone) -> None:
        self.bin.pop(stone.bin_id, None)
        self.left_bin.pop(stone.bin_id, None)
        self.left_bin[stone.bin_id] = stone

    def restore(self, stone: Tombstone, now: float, *, links: bool = True, new_id: bool = False) -> Record:
        """Back from the recycle bin, with its links and with what was deleted along with it.

        Raises ``ValueError`` for what was purged.
        """
        record = stone.record
        if record is None:
            raise ValueError("purged")
        module = self.module(stone.module)
        stone.left_at = now
        self._out_of_bin(stone)
        module.deleted.pop(stone.id, None)
        module.restored[stone.id] = stone
        if new_id:
            record.id = self.free_id()
        self._back(module, record)
        for key, related_id in stone.links if links else ():
            self._relink(key, related_id)
        for child in stone.children:
            if self.bin.get(child.bin_id) is child:
                self.restore(child, now, links=links)
        return record

    def _back(self, module: Module, record: Record) -> None:
        """Among the records, in every index; it comes last, for pages and page tokens go by this number."""
        self._seq += 1
        record.seq = self._seq
        module.records[record.id] = record
        for name, index in module.external.items():
            reindex(index, record, None, record.fields.get(name))
        for name in self.families.fields.get(module.name, ()):
            self.families.moved(module.name, record.id, name, None, record.fields.get(name))
        for view in module.views.values():
            view.refresh(record)

    def waits_for_parent(self, stone: Tombstone) -> bool:
        """Whether the record that it hangs on lies in the recycle bin."""
        parents = self.families.parents(stone.module, stone.record) if stone.record else ()
        return any(parent in self.bin for parent in parents)

    def forget(self, oldest_in_bin: float, oldest_deleted: float, bin_days: float) -> None:
        """Purges what was deleted before ``oldest_in_bin``, lists no longer what was before
        ``oldest_deleted`` (seconds); ``bin_days``: how long the bin keeps.
        """
        while self.bin:
            stone = next(iter(self.bin.values()))
            if stone.deleted_at > oldest_in_bin:
                break
            self.purge(stone, stone.deleted_at + bin_days * 86_400)
        for module in self.modules.values():
            while module.deleted:
                stone = next(iter(module.deleted.values()))
                if stone.deleted_at > oldest_deleted or stone.record is not None:
                    break
                del module.deleted[stone.id]
                module.permanent.pop(stone.id, None)

    def _relink(self, key: LinkKey, related_id: str) -> None:
        """Brings a link back; while one end still lies in the bin, the link waits there with it."""
        for name, record_id in ((key[0], key[1]), (key[2], related_id)):
            module = self.modules.get(name)
            stone = module.deleted.get(record_id) if module else None
            if stone is not None and stone.record is not None:
                stone.links.append((key, related_id))
                return
        if key[1] in self.module(key[0]).records:
            self.links.add(key, related_id)
