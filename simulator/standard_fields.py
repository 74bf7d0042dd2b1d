"""The fields of Zoho's own modules, as far as a person is found by them or a record is (Fields Metadata)."""

from __future__ import annotations

from typing import Any

#: ``name:type``, with ``!`` where the field is mandatory and ``>`` before the modules that a lookup names.
_FIELDS = {
    "Leads": "Last_Name:text! First_Name:text Company:text Email:email Secondary_Email:email Phone:phone "
    "Mobile:phone Fax:text Lead_Status:picklist Record_Image:profileimage",
    "Contacts": "Last_Name:text! First_Name:text Account_Name:lookup>Accounts Vendor_Name:lookup>Vendors "
    "Reporting_To:lookup>Contacts Email:email Secondary_Email:email Phone:phone Mobile:phone "
    "Home_Phone:phone Other_Phone:phone Asst_Phone:phone Fax:text Record_Image:profileimage",
    "Accounts": "Account_Name:text! Parent_Account:lookup>Accounts Phone:phone Fax:text Website:website "
    "Record_Image:profileimage",
    "Vendors": "Vendor_Name:text! Email:email Phone:phone Website:website Record_Image:profileimage",
    "Deals": "Deal_Name:text! Account_Name:lookup>Accounts Contact_Name:lookup>Contacts Stage:picklist! "
    "Campaign_Source:lookup>Campaigns",
    "Cases": "Subject:text! Email:email Phone:phone Reported_By:text Related_To:lookup>Contacts "
    "Account_Name:lookup>Accounts Deal_Name:lookup>Deals",
    "Campaigns": "Campaign_Name:text! Parent_Campaign:lookup>Campaigns",
    "Tasks": "Subject:text! Who_Id:lookup>Contacts What_Id:multi_module_lookup>Accounts,Deals,Leads,Cases",
    "Calls": "Subject:text! Who_Id:lookup>Contacts What_Id:multi_module_lookup>Accounts,Deals,Leads,Cases",
    "Events": "Event_Title:text! Who_Id:lookup>Contacts Participants:jsonarray "
    "What_Id:multi_module_lookup>Accounts,Deals,Leads,Cases",
    "Quotes": "Subject:text! Contact_Name:lookup>Contacts Account_Name:lookup>Accounts "
    "Deal_Name:lookup>Deals",
    "Sales_Orders": "Subject:text! Contact_Name:lookup>Contacts Account_Name:lookup>Accounts "
    "Deal_Name:lookup>Deals",
    "Purchase_Orders": "Subject:text! Contact_Name:lookup>Contacts Vendor_Name:lookup>Vendors",
    "Invoices": "Subject:text! Contact_Name:lookup>Contacts Account_Name:lookup>Accounts",
    "Products": "Product_Name:text! Vendor_Name:lookup>Vendors Record_Image:profileimage",
    "Solutions": "Solution_Title:text! Product_Name:lookup>Products",
    "Price_Books": "Price_Book_Name:text!",
    "Notes": "Note_Title:text Note_Content:textarea Parent_Id:multi_module_lookup>*",
    "Attachments": "File_Name:text Parent_Id:multi_module_lookup>*",
}


def _field(spec: str) -> tuple[str, dict[str, Any]]:
    name, _, kind = spec.partition(":")
    kind, _, to = kind.partition(">")
    modules = [{"api_name": each} for each in to.split(",")] if to else []
    found: dict[str, Any] = {"api_name": name, "data_type": kind.rstrip("!"), "lookup": {}}
    found |= {"system_mandatory": kind.endswith("!"), "searchable": True, "read_only": False}
    if kind == "lookup":
        found["lookup"] = {"module": modules[0], "api_name": None}
    elif modules:
        found["multi_module_lookup"] = {"modules": modules}
    return name, found


#: Of every module, custom ones too.
SYSTEM: dict[str, dict[str, Any]] = {
    name: {"api_name": name, "data_type": kind, "lookup": {}, "read_only": read_only, "searchable": False}
    for name, kind, read_only in (
        ("Owner", "ownerlookup", False),
        ("Created_Time", "datetime", True),
        ("Modified_Time", "datetime", True),
    )
}
STANDARD: dict[str, dict[str, dict[str, Any]]] = {
    module: dict(map(_field, specs.split())) for module, specs in _FIELDS.items()
}
