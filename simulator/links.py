"""Links between records, found from both ends."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.modules import LIST_MODULES

LinkKey = tuple[str, str, str]  # module, record id, related list


class Links:
    """Which records hang under which related list of which record."""

    def __init__(self) -> None:
        self._linked: dict[LinkKey, dict[str, None]] = {}
        self._lists: dict[tuple[str, str], dict[str, None]] = {}
        self._back: dict[str, dict[LinkKey, None]] = {}

    def add(self, key: LinkKey, related_id: str) -> None:
        """Links a record under a related list."""
        self._linked.setdefault(key, {})[related_id] = None
        self._lists.setdefault(key[:2], {})[key[2]] = None
        self._back.setdefault(related_id, {})[key] = None

    def remove(self, key: LinkKey, related_id: str) -> bool:
        """Takes a link away; false if there was none. The list itself stays, empty."""
        linked = self._linked.get(key)
        if linked is None or related_id not in linked:
            return False
        del linked[related_id]
        back = self._back[related_id]
        del back[key]
        if not back:
            del self._back[related_id]
        return True

    def known(self, key: LinkKey) -> bool:
        """Whether something was ever linked under this list."""
        return key in self._linked

    def linked(self, key: LinkKey) -> Iterable[str]:
        """Ids of the records under a related list."""
        return self._linked.get(key, ())

    def linking(self, record_id: str) -> Iterable[LinkKey]:
        """The related lists under which a record hangs."""
        return self._back.get(record_id, ())

    def take(self, module: str, record_id: str) -> list[tuple[LinkKey, str]]:
        """Takes away every link from and to a record that is being deleted, and returns them."""
        if record_id not in self._back and (module, record_id) not in self._lists:
            return []
        gone = [(key, record_id) for key in self._back.get(record_id, ()) if _of(key) == module]
        own = [(module, record_id, name) for name in self._lists.pop((module, record_id), ())]
        gone += [(key, related_id) for key in own for related_id in self._linked[key]]
        gone = list(dict.fromkeys(gone))  # a record may be linked to itself
        for key, related_id in gone:
            self.remove(key, related_id)
        for key in own:
            del self._linked[key]
        return gone

    def shown(self) -> dict[str, list[str]]:
        """``{"Campaigns/2/Contacts": ["3"]}``, as ``/_sim/state`` shows it."""
        return {"/".join(key): list(linked) for key, linked in self._linked.items()}


def _of(key: LinkKey) -> str:
    """The module whose records hang under the list."""
    return LIST_MODULES.get(key[2], key[2])
