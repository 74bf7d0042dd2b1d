"""Which links may be taken away: related lists of Zoho's Delink page, or those that a source's entry names.

`DELETE /{module}/{id}/{related list}` is one path of many under a record: some others delete permanently what
belongs to the record. So only what is named here, or in an entry, is ever sent.
"""

from __future__ import annotations

from collections.abc import Set

from chalicelib.domain import modules

#: The related lists of "Supported relations" of Zoho CRM API v7, Delink related records: of Campaigns,
#: Products and Appointments. The page calls Deals Potentials, and Services__s Services: each goes by any name
#: that means the same. Whether a module has such a list Zoho knows, and says so.
OF_ZOHO = frozenset({"Leads", "Contacts", "Accounts", "Deals", "Price_Books", "Services", "Services__s"})
#: Paths under a record that are no links, whatever an entry says: DELETE there deletes for good.
NEVER = frozenset({"photo", "notes", "attachments", "actions"})


def may_delink(allowed: Set[str] | None, related_list: str) -> bool:
    """May links of `related_list` be taken away?

    `allowed`: the lists that a source's entry names; None for those of Zoho's page.
    """
    if related_list.casefold() in NEVER:
        return False
    if allowed is not None:
        return related_list in allowed
    return modules.canonical(related_list) in OF_ZOHO


def named(allowed: Set[str] | None) -> Set[str]:
    """The related lists that may_delink lets pass, for who wonders; `allowed` as there."""
    return {name for name in (OF_ZOHO if allowed is None else allowed) if may_delink(allowed, name)}
