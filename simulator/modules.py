"""Which modules Zoho has, and what each may do (the documents' lists of modules and relations)."""

from __future__ import annotations

DELETABLE = (
    "Leads", "Accounts", "Contacts", "Deals", "Campaigns", "Tasks", "Cases", "Events", "Calls", "Solutions",
    "Products", "Vendors", "Price_Books", "Quotes", "Sales_Orders", "Purchase_Orders", "Invoices",
    "Appointments__s", "Appointments_Rescheduled_History__s", "Services__s",
)  # fmt: skip
NOT_IN_API = frozenset({"Documents", "Projects"})
NO_MASS_DELETE = frozenset({"Activities", "Appointments_Rescheduled_History__s"})
NO_COUNT = frozenset({"Activities"})
ACTIVITIES = ("Tasks", "Events", "Calls")

# The documents write these names without Zoho's system suffix or with their display name.
ALIASES = {
    "Appointments": "Appointments__s",
    "Services": "Services__s",
    "Appointments_Rescheduled_History": "Appointments_Rescheduled_History__s",
    "Meetings": "Events",
    "Potentials": "Deals",
}
RELATIONS: dict[str, frozenset[str]] = {
    "Campaigns": frozenset({"Leads", "Contacts"}),
    "Products": frozenset({"Leads", "Accounts", "Contacts", "Deals", "Price_Books"}),
    "Appointments__s": frozenset({"Services__s"}),
}
#: Related lists that links can be taken from, though Zoho's Delink page does not name them (document "Remove
#: Contact Role from a Specific Deal").
ROLES: dict[str, frozenset[str]] = {"Deals": frozenset({"Contact_Roles"})}
#: Related lists whose name is not the one of the module whose records they list.
LIST_MODULES = {"Contact_Roles": "Contacts"}
#: Modules that hang on records of others.
BELONGINGS = ("Notes", "Attachments")
SCOPE_NAMES = {
    "Price_Books": "pricebooks",
    "Sales_Orders": "salesorders",
    "Purchase_Orders": "purchaseorders",
    "Appointments__s": "appointments",
    "Services__s": "services",
    "Appointments_Rescheduled_History__s": "appointments_rescheduled_history",
}


def canonical(name: str) -> str:
    """The name under which records lie: ``Meetings`` lie in ``Events``."""
    return ALIASES.get(name, name)


def scope_name(module: str) -> str:
    """The module's name inside an OAuth scope: lower case, ``custom`` for modules of one's own."""
    if module == "Activities" or module in DELETABLE or module in BELONGINGS:
        return SCOPE_NAMES.get(module, module.lower())
    return "custom"
