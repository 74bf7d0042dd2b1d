"""States of a record that a query or a search may leave out (settings ``coql_hides``, ``search_hides``)."""

from __future__ import annotations

#: By what tells them: a field and its value.
STATES = {
    "converted": ("$converted", True),
    "unapproved": ("$approved", False),
    "locked": ("Locked__s", True),
    "stopped": ("$stop_processing", True),
}
