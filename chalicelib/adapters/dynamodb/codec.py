"""Domain values to what the table stores and back: JSON for what people may read, zlib for what is long.

Each stored document carries its version. An item of a version that is not known here raises Unreadable: it is
set aside, never guessed at.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar, assert_never, cast

from chalicelib.domain import times
from chalicelib.domain.deletion import Approval, Child, Counts, Deletion, Failing, Plan, Problem, Verification
from chalicelib.domain.errors import Rejected, Unreadable
from chalicelib.domain.log import Entry
from chalicelib.domain.plain import plain
from chalicelib.domain.request import Api, Freeze, Limits, Operation, Request, Territory
from chalicelib.domain.status import Status
from chalicelib.service.ports import Call

VERSION = 1

#: What reading raises where something stored is not what it should be.
MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)

T = TypeVar("T")


def pack(value: object) -> bytes:
    """JSON, compressed."""
    return zlib.compress(utf8(dumps(value)), 6)


def unpack(data: Any) -> Any:
    """What `pack` packed; `data` may be bytes or boto3's Binary."""
    return json.loads(zlib.decompress(bytes(getattr(data, "value", data))))


def dumps(value: object) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def utf8(text: str) -> bytes:
    """The text's bytes. Raises Rejected for one that cannot be encoded."""
    try:
        return text.encode()
    except UnicodeEncodeError as problem:
        raise Rejected("table", "a text that cannot be encoded") from problem


def deletion_to_text(deletion: Deletion) -> str:
    """The deletion as JSON, without its ids and its children: they are stored apart. What holds nothing is
    left out.
    """
    bare = replace(deletion.request, ids=(), until=())
    document = plain(replace(deletion, request=bare, children=(), relatives=()))
    request = {k: v for k, v in document["request"].items() if k not in ("ids", "until") and v is not None}
    slim = {k: v for k, v in document.items() if v not in (None, [], {}, (), "") and k != "id"}
    return dumps({**slim, "request": request, "v": VERSION})


def deletion_from_text(deletion_id: str, text: str) -> Deletion:
    """The deletion that `deletion_to_text` wrote. Raises Unreadable for anything else."""
    try:
        document = json.loads(text)
        if document.pop("v") != VERSION:
            raise Unreadable(deletion_id, "written by another version")
        return _checked(_deletion(deletion_id, document))
    except MALFORMED as problem:
        raise Unreadable(deletion_id, f"{type(problem).__name__}: {problem}") from problem


def _deletion(deletion_id: str, document: dict[str, Any]) -> Deletion:
    request = dict(document.pop("request"))
    request["operation"] = Operation(request["operation"])
    request["api"] = Api(request.get("api", Api.AUTO))
    request["freeze"] = Freeze(request.get("freeze", Freeze.AUTO))
    if "territory" in request:
        request["territory"] = Territory(**request["territory"])
    plan = document.pop("plan", None)
    verification = document.pop("verification", None)
    approval = document.pop("approval", None)
    problems = tuple(Problem(**p) for p in document.pop("problems", []))
    document = _of_today(document)
    failing = {call: Failing(**clock) for call, clock in document.pop("failing", {}).items()}
    return Deletion(
        id=deletion_id,
        request=Request(**request),
        limits=Limits(**document.pop("limits")),
        status=Status(document.pop("status")),
        counts=Counts(**document.pop("counts")),
        plan=Plan(**{**plan, "first_ids": tuple(plan["first_ids"])}) if plan else None,
        problems=problems,
        approval=Approval(**{**approval, "shared": tuple(approval.get("shared", ()))}) if approval else None,
        failing=failing,
        verification=Verification(**verification) if verification else None,
        **document,
    )


def _of_today(document: dict[str, Any]) -> dict[str, Any]:
    """A document of an older version: one clock for all calls, and a frozen selection was done by ids."""
    old = ("tries", "failing_since", "failed_at")
    slim = {name: value for name, value in document.items() if name not in old}
    return {"by_ids": bool(slim.get("frozen")), **slim}


#: Types of fields that a stored document can get wrong without any error at the time.
_SIMPLE: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
}


@cache
def _fields_of(kind: type) -> tuple[list[tuple[str, frozenset[type]]], list[str]]:
    """Fields of a dataclass: the simple ones with the types that they may have, and the others."""
    words = {each.name: str(each.type).split(" | ") for each in fields(kind)}
    simple = {name: found for name, found in words.items() if set(found) <= set(_SIMPLE)}
    types = [
        (name, frozenset(each for word in found for each in _SIMPLE[word])) for name, found in simple.items()
    ]
    return types, [name for name in words if name not in simple]


def _checked(value: T) -> T:
    """`value`, a dataclass, if it holds what its fields say, all the way down. Raises TypeError.

    Or a document of another version would be taken up by a worker that fails over it later, again and again.
    """
    kind: Any = type(value)
    simple, others = _fields_of(kind)
    for name, types in simple:
        held = getattr(value, name)
        if type(held) not in types:
            raise TypeError(f"{name} is a {type(held).__name__}")
        if float in types and held is not None and not abs(held) <= times.LAST:
            raise ValueError(f"{name} is no number of seconds that can be true")
    for name in others:
        held = getattr(value, name)
        parts = held.values() if isinstance(held, dict) else held if isinstance(held, tuple) else (held,)
        for part in parts:
            if hasattr(type(part), "__dataclass_fields__"):
                _checked(part)
    return value


def check_progress(deletion: Deletion) -> None:
    """Can an executor of this version go on with it? Raises what `readable` makes Unreadable of."""
    operation = Operation.DELETE_RECORDS if deletion.by_ids else deletion.request.operation
    match operation:
        case Operation.DELETE_RECORDS | Operation.DELINK_RECORDS:
            from chalicelib.domain import by_ids

            _checked(by_ids.progress_of(deletion))
        case Operation.MASS_DELETE:
            from chalicelib.domain import by_view

            _checked(by_view.progress_of(deletion))
        case Operation.PURGE:
            from chalicelib.domain.retention import by_policy

            _checked(by_policy.progress_of(deletion))
        case Operation.RESTORE | Operation.DELETE_PERMANENTLY:
            from chalicelib.domain import by_bin

            _checked(by_bin.progress_of(deletion))
        case Operation.ERASE_PERSON:
            from chalicelib.domain.person import progress

            _checked(progress.progress_of(deletion))
        case _:
            assert_never(operation)


@contextmanager
def readable(deletion_id: str, part: str) -> Iterator[None]:
    """Whatever is wrong with the stored `part` of a deletion becomes Unreadable."""
    try:
        yield
    except MALFORMED as problem:
        raise Unreadable(deletion_id, f"{part}: {type(problem).__name__}") from problem


def child_to_text(child: Child) -> str:
    """What is kept of a child with its parent: what will never change."""
    return dumps({"id": child.id, "operation": child.operation.value, "not_before": child.not_before})


def child_from_text(text: str) -> Child:
    """The child that `child_to_text` wrote; how it stands has to be read."""
    stored = json.loads(text)
    return _checked(Child(stored["id"], Operation(stored["operation"]), not_before=stored["not_before"]))


def entry_to_text(entry: Entry) -> str:
    """A log entry as JSON."""
    return dumps(plain(entry))


def entry_from_text(text: str) -> Entry:
    """The log entry that `entry_to_text` wrote. Raises MALFORMED."""
    return _checked(Entry(**json.loads(text)))


def call_to_data(call: Call) -> bytes:
    """A ledger entry of a call, compressed."""
    return pack({**plain(call), "kind": call.kind.value})


def call_from_data(data: Any) -> Call:
    """The call that `call_to_data` wrote."""
    from chalicelib.domain.zoho.reply import CallKind

    document = cast("Mapping[str, Any]", unpack(data))
    return _checked(Call(**{**document, "kind": CallKind(document["kind"])}))
