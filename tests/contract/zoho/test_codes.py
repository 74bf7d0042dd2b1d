"""The codes that the simulator can send and the verdict table know each other, call by call."""

from __future__ import annotations

import pytest

from chalicelib.domain.zoho.codes import JOB_STATES, ZOHO
from chalicelib.domain.zoho.lookup import find
from chalicelib.domain.zoho.reply import CallKind
from chalicelib.domain.zoho.verdict import Row
from simulator import refusals, routes, settings
from tests.contract.zoho.code_graph import graph_of, simulator_graph

GRAPH = simulator_graph()
DELETE = {CallKind.DELETE_RECORDS, CallKind.DELETE_EXTERNAL}
#: Which of our calls an endpoint of the simulator answers; none where no deletion calls it.
ANSWERS: dict[str, set[CallKind]] = {
    "records.delete_many": DELETE,
    "records.delete_one": DELETE,
    "mass_delete.start": {CallKind.MASS_DELETE_IDS, CallKind.MASS_DELETE_VIEW},
    "mass_delete.status": {CallKind.JOB_STATUS},
    "related.delink_many": {CallKind.DELINK},
    "related.delink_one": {CallKind.DELINK},
    "counting.count": {CallKind.COUNT},
    "listing.get_records": {CallKind.READ, CallKind.LIST},
    "listing.get_one": {CallKind.READ},
    "coql.query": {CallKind.READ, CallKind.SELECT},
    "deleted_list.deleted": {CallKind.DELETED_LIST},
    "search_records.search": {CallKind.SEARCH},
    "org_metadata.modules": {CallKind.METADATA},
    "org_metadata.fields": {CallKind.METADATA},
    "org_metadata.related_lists": {CallKind.METADATA},
    "related_lists.get_related": {CallKind.RELATED},
    "related_lists.count": {CallKind.RELATED_COUNT},
    "belongings.delete_attachment": {CallKind.DELETE_ATTACHMENT},
    "belongings.delete_photo": {CallKind.DELETE_PHOTO},
    "metadata.users": set(),
    "metadata.org": set(),
    "metadata.views": set(),
    "metadata.view": set(),
    "updates.update_one": {CallKind.UPDATE},
    "recycle_bin.listed": {CallKind.BIN_ENTRIES},
    "recycle_bin.one": set(),
    "recycle_bin.count": set(),
    "bin_actions.purge_many": {CallKind.DELETE_FROM_BIN},
    "bin_actions.purge_one": set(),
    "bin_actions.restore_many": {CallKind.RESTORE_FROM_BIN},
    "bin_actions.restore_one": set(),
    "bin_actions.empty": set(),
}
#: Words in capitals that are no codes: of queries, of money, and two spellings that stand for another code.
NO_CODES = {"AND", "OR", "USD", "POST", "MODULE_NOT_IN_API", "RECORD_LOCKED_BY_PROCESS"} | set(JOB_STATES)


def of_every_call() -> set[str]:
    """Codes on the way to every endpoint: path, module, token, scope, limits."""
    found: set[str] = set()
    for name in ("_refusal", "_token_refusal", "_admitted", "_crm", "_accounts"):
        found |= GRAPH.codes("app", f"Simulator.{name}", into="errors")
    for name in ("find", "module_refusal"):
        found |= GRAPH.codes("routes", name, into="errors")
    for name in ("token_code", "limit_code"):
        found |= {str(choice) for choice in settings.CHOICES[name]}
    return found - NO_CODES


def name_of(route: routes.Route) -> str:
    return f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}"


#: The part of an endpoint that does not belong to a call of this kind.
NOT_OF = {CallKind.MASS_DELETE_VIEW: "_by_ids", CallKind.MASS_DELETE_IDS: "_by_view"}


def sent_by(route: routes.Route, without: str = "") -> set[str]:
    module, _, function = name_of(route).partition(".")
    found = (
        GRAPH.codes(module, function, without=without)
        | of_every_call()
        | set(refusals.known(route.operation))
    )
    return (found - NO_CODES) | (found & {"SCHEDULED"} if module == "bin_actions" else set())


def sent_to(kind: CallKind) -> set[str]:
    """Codes that the simulator can send to a call of this kind."""
    if kind is CallKind.TOKEN:
        return GRAPH.codes("oauth", "token")
    return {
        code
        for route in routes.ROUTES
        if kind in ANSWERS[name_of(route)]
        for code in sent_by(route, NOT_OF.get(kind, ""))
    }


def test_it_is_known_whose_calls_each_endpoint_answers() -> None:
    assert {name_of(route) for route in routes.ROUTES} == set(ANSWERS)


@pytest.mark.parametrize("kind", list(CallKind))
def test_every_code_that_the_simulator_can_send_to_a_call_is_known_for_that_call(kind: CallKind) -> None:
    sent = sent_to(kind)
    assert len(sent) >= 5
    assert {code for code in sent if find(code, kind) is None} == set()


def test_every_code_that_the_simulator_can_send_at_all_is_in_the_table() -> None:
    known = {row.code for row in ZOHO}
    for route in routes.ROUTES:
        assert sent_by(route) - known == set(), name_of(route)


@pytest.mark.parametrize(
    "row", [row for row in ZOHO if set(row.sources) != {"SEEN"}], ids=lambda row: row.code
)
def test_every_code_that_zoho_documents_can_be_sent_by_the_simulator_where_the_table_has_it(row: Row) -> None:
    assert row.code in {code for kind in row.kinds for code in sent_to(kind)}


def test_a_code_is_found_however_deep_it_lies() -> None:
    graph = graph_of(
        {
            "errors": "def refused(code): return code\ndef brand_new(): return refused('BRAND_NEW')",
            "other": "CODES = {'OF_A_CONSTANT': 1}\nclass Helper:\n    def work(self): return 'OF_A_METHOD'",
            "door": "from simulator import errors\nfrom simulator.other import CODES\n"
            "class Inner:\n    def tell(self): return {'error': 'in words'}\n"
            "def deep(inner): return inner.tell() or errors.brand_new()\n"
            "def handler(state, call): return list(map(deep, CODES)) or 'DIRECT'",
        }
    )
    assert graph.codes("door", "handler") == {"BRAND_NEW", "OF_A_CONSTANT", "DIRECT", "in words"}
    assert graph.codes("door", "handler", into="errors") == {"DIRECT"}
    with pytest.raises(KeyError):
        graph.codes("door", "nothing")
