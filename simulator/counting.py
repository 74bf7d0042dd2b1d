"""Record count: of a module, of a view, of a search."""

from __future__ import annotations

from simulator import errors
from simulator.http import Answer, Call, ok
from simulator.listing import view_of, visible
from simulator.modules import NO_COUNT
from simulator.search import parse_search
from simulator.search_records import how
from simulator.state import State

_SEARCHES = ("criteria", "email", "phone", "word")


def count(state: State, call: Call) -> Answer:
    """``GET /{module}/actions/count`` of everything, of a ``cvid``, or of a search: 200 ``{"count": n}``.

    400 ``AMBIGUITY_DURING_PROCESSING`` for a view and a search together, ``NOT_SUPPORTED`` for a module that
    cannot be counted. Counting a module or a view takes the same time at any size; a search looks at every
    record.
    """
    params, module = call.params, call.args["module"]
    if module in NO_COUNT:
        text = "the given module is not supported for count"
        return errors.refusal(400, "NOT_SUPPORTED", text, {"resource_path_index": 0})
    asked = [name for name in ("cvid", *_SEARCHES) if params.get(name)]
    if len(asked) > 1:
        return errors.ambiguous([{"param_name": name} for name in asked])
    view = view_of(state, call)
    if isinstance(view, Answer):
        return view
    if view is not None:
        return ok({"count": len(view.members)})
    if not asked:
        return ok({"count": sum(len(part.records) for part in state.store.parts(module))})
    try:
        matches = parse_search(asked[0], params[asked[0]], how(state, module)).matches
    except ValueError:
        return errors.refusal(400, "INVALID_QUERY", "invalid query formed", {"param_name": asked[0]})
    records = visible(state.store.all_records(module), {"approved": "both", **params})
    return ok({"count": sum(1 for record in records if matches(record))})
