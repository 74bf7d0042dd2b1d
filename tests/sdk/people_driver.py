"""Drives the official client over what finds a person, and what clears the records that stay.

``python people_driver.py BASE_URL WORK_DIRECTORY``, as driver.py.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

_driver = import_module("driver")  # beside this file, which runs as a script
delink_many, described, initialize = _driver.delink_many, _driver.described, _driver.initialize
outcome, parameters, plain, related, sdk = (
    _driver.outcome, _driver.parameters, _driver.plain, _driver.related, _driver.sdk,
)  # fmt: skip


def shown(response: Any, rows: Callable[[Any], list[Any]]) -> dict[str, Any]:
    """What an ``APIResponse`` holds: what ``rows`` makes of a list, or an error."""
    if response is None:
        return {"http": None}
    answer = response.get_object()
    found: dict[str, Any] = {"http": response.get_status_code(), "object": type(answer).__name__}
    if answer is None:
        return found
    if found["object"].endswith("APIException"):
        return {**found, "error": described(answer)}
    return {**found, "rows": rows(answer)}


def modules() -> dict[str, Any]:
    """``get_modules``."""
    response = sdk("modules.modules_operations", "ModulesOperations")().get_modules()
    return shown(
        response,
        lambda answer: [
            [
                one.get_api_name(),
                plain(one.get_generated_type()),
                one.get_api_supported(),
                one.get_deletable(),
            ]
            for one in answer.get_modules()
        ],
    )


def fields(module: str) -> dict[str, Any]:
    """``get_fields``."""
    name = sdk("fields.fields_operations", "GetFieldsParam").module
    response = sdk("fields.fields_operations", "FieldsOperations")().get_fields(parameters((name, module)))
    return shown(response, lambda answer: [_field(one) for one in answer.get_fields()])


def _field(one: Any) -> list[Any]:
    private, crypt, lookup = one.get_private(), one.get_crypt(), one.get_lookup()
    to = lookup.get_module() if lookup is not None else None
    return [
        one.get_api_name(),
        one.get_data_type(),
        private.get_restricted() if private is not None else None,
        crypt.get_mode() if crypt is not None else None,
        to.get_api_name() if to is not None else None,
    ]


def related_lists(module: str) -> dict[str, Any]:
    """``get_related_lists``."""
    name = sdk("related_lists.related_lists_operations", "GetRelatedListsParam").module
    operations = sdk("related_lists.related_lists_operations", "RelatedListsOperations")()
    return shown(
        operations.get_related_lists(parameters((name, module))),
        lambda answer: [[one.get_api_name(), one.get_href()] for one in answer.get_related_lists()],
    )


def _ids(answer: Any) -> list[Any]:
    return [one.get_id() for one in answer.get_data()]


def search(module: str, **asked: str) -> dict[str, Any]:
    """``search_records``."""
    names = sdk("record.record_operations", "SearchRecordsParam")
    pairs = [(getattr(names, name), value) for name, value in asked.items()]
    operations = sdk("record", "RecordOperations")(module)
    response = operations.search_records(parameters(*pairs), sdk("header_map", "HeaderMap")())
    return shown(response, _ids)


def coql(query: str) -> dict[str, Any]:
    """``get_records`` of COQL."""
    body = sdk("coql.body_wrapper", "BodyWrapper")()
    body.set_select_query(query)
    return shown(sdk("coql.coql_operations", "CoqlOperations")().get_records(body), _ids)


def related_records(module: str, record_id: int, related_list: str) -> dict[str, Any]:
    """``get_related_records``."""
    name = sdk("related_records.related_records_operations", "GetRelatedRecordsParam").fields
    response = related(module, related_list).get_related_records(
        record_id, parameters((name, "id")), sdk("header_map", "HeaderMap")()
    )
    return shown(response, _ids)


def counted(module: str, record_id: int, *related_lists: str) -> dict[str, Any]:
    """``get_related_records_count``."""
    package = "get_related_records_count"
    asked = []
    for name in related_lists:
        one, listed = sdk(f"{package}.get_related_record_count", "GetRelatedRecordCount")(), None
        listed = sdk(f"{package}.related_list", "RelatedList")()
        listed.set_api_name(name)
        one.set_related_list(listed)
        asked.append(one)
    body = sdk(f"{package}.body_wrapper", "BodyWrapper")()
    body.set_get_related_records_count(asked)
    operations = sdk(f"{package}.{package}_operations", "GetRelatedRecordsCountOperations")
    response = operations(record_id, module).get_related_records_count(body)
    return shown(response, lambda answer: [_count(one) for one in answer.get_get_related_records_count()])


def _count(one: Any) -> list[Any]:
    if hasattr(one, "get_count"):
        return [one.get_related_list().get_api_name(), one.get_count()]
    return [plain(one.get_code()), None]


def attachment(module: str, record_id: int, attachment_id: int) -> dict[str, Any]:
    """``delete_attachment``."""
    operations = sdk("attachments.attachments_operations", "AttachmentsOperations")()
    found: dict[str, Any] = outcome(operations.delete_attachment(attachment_id, record_id, module))
    return found


def photo(module: str, record_id: int) -> dict[str, Any]:
    """``delete_photo``."""
    response = sdk("record", "RecordOperations")(module).delete_photo(record_id)
    return {"http": response.get_status_code(), "said": described(response.get_object())}


def role(deal: int, contact: int) -> dict[str, Any]:
    """``delete_contact_role_relation``."""
    operations = sdk("deal_contact_roles.deal_contact_roles_operations", "DealContactRolesOperations")()
    found: dict[str, Any] = outcome(operations.delete_contact_role_relation(contact, deal))
    return found


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every call of the test, in order."""
    yield "modules", modules()
    yield "fields", fields("Contacts")
    yield "fields_custom", fields("Members")
    yield "fields_wrong", fields("Nonsense")
    yield "related_lists", related_lists("Contacts")
    yield "search_email", search("Contacts", email="anna@example.com")
    yield "search_criteria", search("Contacts", criteria="(Last_Name:equals:Moser)")
    yield "search_none", search("Contacts", email="nobody@example.com")
    yield "search_short", search("Contacts", word="a")
    yield "coql", coql("select id from Contacts where Email = 'anna@example.com' limit 10")
    yield "coql_secret", coql("select id from Contacts where Secret_Email = 'x' limit 10")
    yield "notes", related_records("Contacts", 7, "Notes")
    yield "no_notes", related_records("Contacts", 8, "Notes")
    yield "counted", counted("Contacts", 7, "Notes", "Attachments", "Nonsense")
    yield "attachment", attachment("Contacts", 7, 21)
    yield "attachment_gone", attachment("Contacts", 7, 21)
    yield "photo", photo("Contacts", 7)
    yield "role", role(1, 7)
    yield "role_gone", role(1, 7)
    yield "member", delink_many("Campaigns", 3, "Contacts", [7])


if __name__ == "__main__":
    initialize(sys.argv[1], sys.argv[2])
    print(json.dumps(dict(steps()), default=str))
