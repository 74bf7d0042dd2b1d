"""A body becomes a Request, or every problem with it, each with its place and in plain words (contract
section 1).

Shapes are pydantic's work, because it reports every problem at once; rules that join several fields are
below. Only the api function imports this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Never

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic import Field as Limit
from pydantic_core import ErrorDetails

from chalicelib.domain.deletion import Api, Operation, Request, Territory
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.source import ORG_NAME, ZOHO_NAME
from chalicelib.web import forms, strict_json
from chalicelib.web.strict_json import pointer

RECORD_ID = re.compile(r"[0-9]{1,32}")  # Zoho's have 18 or 19 digits today
EXTERNAL_ID = re.compile(r"[!-~]{1,255}")
LONGEST_TEXT = 256

Name = Annotated[str, StringConstraints(pattern=f"^{ZOHO_NAME.pattern}$")]
OrgName = Annotated[str, StringConstraints(pattern=f"^{ORG_NAME.pattern}$")]
Digits = Annotated[str, StringConstraints(pattern=f"^{RECORD_ID.pattern}$")]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Common(_Body):
    """The fields of every operation."""

    module: Name
    org: OrgName | None = None
    dry_run: bool = False
    max_records: Annotated[int, Limit(ge=1)] | None = None
    reference: Text | None = None
    reason: Text | None = None


class DeleteRecords(_Common):
    """Delete by ids."""

    operation: Literal["delete_records"]
    ids: list[str]
    wf_trigger: bool | None = None
    api: Literal["auto", "records", "mass_delete"] = "auto"
    external_id_field: Name | None = None


class InTerritory(_Body):
    """Narrows a view to a territory."""

    id: Digits
    include_child: bool = False


class MassDelete(_Common):
    """Delete what a custom view shows."""

    operation: Literal["mass_delete"]
    cvid: Digits
    territory: InTerritory | None = None


class DelinkRecords(_Common):
    """Undo the link between records; none is deleted."""

    operation: Literal["delink_records"]
    record_id: Digits
    related_list: Name
    ids: list[str]


_MODELS: dict[str, type[_Common]] = {
    "delete_records": DeleteRecords,
    "mass_delete": MassDelete,
    "delink_records": DelinkRecords,
}
_EVERY_FIELD = {name for model in _MODELS.values() for name in model.model_fields}


def request_from_json(body: bytes, default_org: str, max_ids: int) -> Request:
    """The request in a JSON body. Raises NotValid with a field for every problem."""
    return _request(strict_json.parse(body), default_org, max_ids)


def request_from_form(body: bytes, default_org: str, max_ids: int) -> Request:
    """The request in a form body, fields named as in JSON. Raises NotValid with a field for every problem."""
    return _request(forms.parse(body), default_org, max_ids)


def _request(raw: Any, default_org: str, max_ids: int) -> Request:
    if not isinstance(raw, dict):
        _refuse([Field("", "the body must be a JSON object")])
    operation = raw.get("operation")
    model = _MODELS.get(operation) if isinstance(operation, str) else None
    problems = [
        Field(pointer("", name), "may not be null: leave it out")
        for name, value in raw.items()
        if value is None
    ]
    if model is None:
        _refuse([_operation_problem(raw), *problems, *_shape(_Common, _common_part(raw))[1]])
    # The ids are looked at below: pydantic need not see thousands of them.
    slim = {name: value for name, value in raw.items() if value is not None}
    ids = slim.get("ids")
    if isinstance(ids, list) and "ids" in model.model_fields:
        slim["ids"] = []
        problems += _id_problems(ids, "external_id_field" in slim, max_ids)
    shape, more = _shape(model, slim)
    problems += [*more, *_api_problems(slim)]
    if shape is None or problems:
        _refuse(problems)
    return _built(shape, Operation(str(operation)), tuple(dict.fromkeys(ids or ())), default_org)


def _refuse(problems: list[Field]) -> Never:
    """One problem for each place: where a field is null, that it is missing too would only confuse."""
    by_path = {problem.path: problem for problem in reversed(problems)}
    raise NotValid("the request is not valid", tuple(strict_json.first(reversed(by_path.values()))))


def _operation_problem(raw: Mapping[str, Any]) -> Field:
    words = f"must be {', '.join(_MODELS)}"
    return Field("/operation", words if "operation" in raw else f"is missing; it {words}")


def _common_part(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What can be judged while the operation is not known: fields of all operations and those of none."""
    known = set(_Common.model_fields)
    return {
        name: value
        for name, value in raw.items()
        if value is not None and (name in known or name not in _EVERY_FIELD)
    }


def _shape(model: type[_Common], raw: Mapping[str, Any]) -> tuple[_Common | None, list[Field]]:
    """`raw` as `model`, or the problems that pydantic found."""
    try:
        return model.model_validate(raw), []
    except ValidationError as found:
        return None, [problem_of(each) for each in found.errors(include_url=False)]


def problem_of(error: ErrorDetails) -> Field:
    """What pydantic found wrong, in our words."""
    path = ""
    for part in error["loc"]:
        path = pointer(path, part)
    return Field(path, _words(error, str(error["loc"][-1])))


_WORDS = {
    "missing": "is missing",
    "string_too_long": f"may have {LONGEST_TEXT} characters at most",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be 1 or more",
    "list_type": "must be a list of strings",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def _words(error: ErrorDetails, name: str) -> str:
    """What is wrong, without repeating the value."""
    kind = error["type"]
    if kind == "extra_forbidden":
        other = len(error["loc"]) == 1 and name in _EVERY_FIELD
        return "is a field of another operation" if other else "is not a known field"
    if kind == "literal_error":
        return f"must be {error['ctx']['expected']}"
    if kind == "string_type":
        number = isinstance(error["input"], int | float) and name in ("cvid", "record_id", "id")
        return "must be a string: send ids as strings" if number else "must be a string"
    if kind == "string_pattern_mismatch":
        return f"must match {error['ctx']['pattern'].strip('^$')}"
    return _WORDS.get(kind, "is not acceptable")


def _id_problems(ids: list[Any], external: bool, max_ids: int) -> list[Field]:
    if not ids:
        return [Field("/ids", "must name at least one id")]
    if len(ids) > max_ids:
        return [Field("/ids", f"may name {max_ids} ids at most")]
    found = ((number, _id_problem(each, external)) for number, each in enumerate(ids))
    return [Field(f"/ids/{number}", words) for number, words in found if words]


def _id_problem(value: Any, external: bool) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "must be a string: send ids as strings"
    if not isinstance(value, str):
        return "must be a string"
    if not external:
        return "" if RECORD_ID.fullmatch(value) else "must be 1 to 32 digits"
    if value in (".", ".."):
        return "may not be . or .., which would name another path"
    return "" if EXTERNAL_ID.fullmatch(value) else "must be 1 to 255 visible characters (U+0021 to U+007E)"


def _api_problems(raw: Mapping[str, Any]) -> Iterator[Field]:
    """Zoho's mass delete takes record ids and nothing else."""
    if raw.get("api") == Api.MASS_DELETE:
        if "wf_trigger" in raw:
            yield Field("/wf_trigger", "cannot go with api mass_delete, which has no wf_trigger at Zoho")
        if "external_id_field" in raw:
            yield Field("/external_id_field", "cannot go with api mass_delete, which takes record ids only")


def _built(shape: _Common, operation: Operation, ids: tuple[str, ...], default_org: str) -> Request:
    common = Request(
        operation=operation,
        module=shape.module,
        org=shape.org or default_org,
        ids=ids,
        dry_run=shape.dry_run,
        max_records=shape.max_records,
        reference=shape.reference,
        reason=shape.reason,
    )
    match shape:
        case DeleteRecords():
            return replace(
                common,
                wf_trigger=shape.wf_trigger,
                api=Api(shape.api),
                external_id_field=shape.external_id_field,
            )
        case MassDelete():
            return replace(common, cvid=shape.cvid, territory=_territory(shape.territory))
        case DelinkRecords():
            return replace(common, record_id=shape.record_id, related_list=shape.related_list)
        case _:
            raise AssertionError("every model is matched above")


def _territory(given: InTerritory | None) -> Territory | None:
    return None if given is None else Territory(given.id, given.include_child)
