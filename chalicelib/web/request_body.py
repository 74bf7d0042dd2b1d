"""A body becomes a Request, or every problem with it, each with its place and in plain words
(docs/CONTRACT.md, section 1).

The shapes are in schemas.py; rules that join several fields are here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Never

from chalicelib.domain import modules
from chalicelib.domain.children import permanent_seconds
from chalicelib.domain.errors import Field, NotValid
from chalicelib.domain.ids import RECORD_ID_WORDS, is_record_id
from chalicelib.domain.request import ALL_MODULES, Api, Freeze, Operation, Request, Territory
from chalicelib.web import forms, shape, strict_json
from chalicelib.web.schemas import COMMON, EVERY_FIELD, EXTERNAL_ID, OF_ALL, SCHEMAS
from chalicelib.web.strict_json import pointer


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
    schema = SCHEMAS.get(operation) if isinstance(operation, str) else None
    problems = [
        Field(pointer("", name), "may not be null: leave it out")
        for name, value in raw.items()
        if value is None
    ]
    if schema is None:
        common = shape.problems(OF_ALL, _common_part(raw))
        _refuse([_operation_problem(raw), *problems, *common, *_module_problem(raw)])
    slim = {name: value for name, value in raw.items() if value is not None}
    if operation == Operation.ERASE_PERSON:
        problems += _identity_problems(slim)
        slim = {**slim, "identity": {}} if "identity" in slim else slim
    ids = slim.get("ids")
    if isinstance(ids, list) and "ids" in schema["properties"]:
        problems += _id_problems(ids, "external_id_field" in slim, max_ids)
    problems += [
        *map(_of_another, shape.problems(schema, slim)),
        *_module_problem(slim),
        *_api_problems(slim),
        *_permanent_problems(slim),
    ]
    if problems:
        _refuse(problems)
    return _built(slim if "identity" not in slim else {**slim, "identity": raw["identity"]}, default_org)


def _refuse(problems: list[Field]) -> Never:
    """One problem for each place: where a field is null, that it is missing too would only confuse."""
    by_path = {problem.path: problem for problem in reversed(problems)}
    raise NotValid("the request is not valid", tuple(strict_json.first(reversed(by_path.values()))))


def _operation_problem(raw: Mapping[str, Any]) -> Field:
    words = f"must be {', '.join(SCHEMAS)}"
    return Field("/operation", words if "operation" in raw else f"is missing; it {words}")


def _common_part(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What can be judged while the operation is not known: fields of all operations and those of none."""
    return {
        name: value
        for name, value in raw.items()
        if value is not None and (name in COMMON or name not in EVERY_FIELD)
    }


def _of_another(problem: Field) -> Field:
    """A field that only another operation has is said to be one."""
    other = problem.problem == "is not a known field" and problem.path[1:] in EVERY_FIELD
    return Field(problem.path, "is a field of another operation") if other else problem


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
        return "" if is_record_id(value) else RECORD_ID_WORDS
    if value in (".", ".."):
        return "may not be . or .., which would name another path"
    return "" if EXTERNAL_ID.fullmatch(value) else "must be 1 to 255 visible characters (U+0021 to U+007E)"


def _module_problem(raw: Mapping[str, Any]) -> Iterator[Field]:
    """What looks like a module's name and cannot be one."""
    name = raw.get("module")
    if isinstance(name, str) and modules.NAME.fullmatch(name) and (problem := modules.problem_of(name)):
        yield Field("/module", problem)


def _identity_problems(raw: Mapping[str, Any]) -> Iterator[Field]:
    """What is wrong with the values of an identity, each with its place and without the value."""
    if "identity" in raw:
        from chalicelib.domain.person import identity

        yield from identity.problems(raw["identity"])


def _identity(good: Mapping[str, Any]) -> dict[str, Any] | None:
    if "identity" not in good:
        return None
    from chalicelib.domain.person import identity

    return identity.built(good["identity"]).to_json()


def _api_problems(raw: Mapping[str, Any]) -> Iterator[Field]:
    """Zoho's mass delete takes record ids and nothing else."""
    if raw.get("api") == Api.MASS_DELETE:
        if "wf_trigger" in raw:
            yield Field("/wf_trigger", "cannot go with api mass_delete, which has no wf_trigger at Zoho")
        if "external_id_field" in raw:
            yield Field("/external_id_field", "cannot go with api mass_delete, which takes record ids only")


def _permanent_problems(raw: Mapping[str, Any]) -> Iterator[Field]:
    """What is to become permanent is known by its ids, and is restored until a time that can be told."""
    given = raw.get("permanent_after")
    if not isinstance(given, str):
        return
    try:
        permanent_seconds(given)
    except ValueError as problem:
        yield Field("/permanent_after", str(problem))
    if raw.get("freeze") == Freeze.NEVER:
        yield Field("/permanent_after", "cannot go with freeze never: nobody would know which records went")


def _built(good: Mapping[str, Any], default_org: str) -> Request:
    """The request that a body without problems asks for."""
    territory, after = good.get("territory"), good.get("permanent_after")
    return Request(
        operation=Operation(good["operation"]),
        module=good.get("module", ALL_MODULES),
        org=good.get("org", default_org),
        ids=tuple(dict.fromkeys(good.get("ids", ()))),
        dry_run=good.get("dry_run", False),
        max_records=good.get("max_records"),
        reference=good.get("reference"),
        reason=good.get("reason"),
        wf_trigger=good.get("wf_trigger"),
        api=Api(good.get("api", Api.AUTO)),
        external_id_field=good.get("external_id_field"),
        cvid=good.get("cvid"),
        freeze=Freeze(good.get("freeze", Freeze.AUTO)),
        territory=None
        if territory is None
        else Territory(territory["id"], territory.get("include_child", False)),
        record_id=good.get("record_id"),
        related_list=good.get("related_list"),
        permanent_after=None if after is None else permanent_seconds(after),
        identity=_identity(good),
    )
