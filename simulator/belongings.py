"""What is deleted of a record that stays: one attachment, its photo."""

from __future__ import annotations

from simulator import errors
from simulator.http import Answer, Call, many, ok
from simulator.records import is_id
from simulator.refusals import change_refusal
from simulator.state import State

_GONE = "record not deleted"


def delete_attachment(state: State, call: Call) -> Answer:
    """``DELETE /{module}/{id}/Attachments/{attachment id}``: 200 with ``data[]``, or a bare 400 (OpenAPI)."""
    found = state.store.find(call.args["module"], call.args["id"])
    attachments = state.store.module("Attachments")
    attachment = attachments.records.get(call.args["attachment_id"])
    gone = errors.invalid_data(_GONE, {"resource_path_index": 3})
    if found is None or attachment is None or not is_id(call.args["attachment_id"]):
        return gone
    if found[1].id not in set(state.store.families.parents_by(attachment, ("Parent_Id",))):
        return gone
    refused = change_refusal(found[1])
    if refused is not None:
        return many([refused])
    state.store.delete(attachments, attachment, state.now())
    return many([errors.success({"id": attachment.id}, "record deleted")])


def delete_photo(state: State, call: Call) -> Answer:
    """``DELETE /{module}/{id}/photo``: 200 with a bare object that names no record (OpenAPI).

    What a record without a photo gets is the setting ``no_photo``.
    """
    found = state.store.find(call.args["module"], call.args["id"])
    if found is None:
        return errors.invalid_data("the id given seems to be invalid", {"resource_path_index": 1})
    module, record = found
    refused = change_refusal(record)
    if refused is not None:
        return errors.refusal(400, refused["code"], refused["message"], refused["details"])
    photos = [
        field["api_name"]
        for field in state.schema.fields(module.name)
        if field["data_type"] == "profileimage" and record.fields.get(field["api_name"])
    ]
    if not photos and state.settings.no_photo == "INVALID_DATA":
        return errors.invalid_data(_GONE, {"resource_path_index": 2})
    if photos:
        state.store.upsert(module.name, {"id": record.id, **dict.fromkeys(photos)}, state.now())
    return ok(errors.success({}, "Photo deleted successfully"))
