"""Paths, methods, scopes and prices: which feature answers what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator import (
    belongings,
    bin_actions,
    coql,
    counting,
    deleted_list,
    errors,
    listing,
    mass_delete,
    metadata,
    org_metadata,
    records,
    recycle_bin,
    related,
    related_lists,
    search_records,
    updates,
)
from simulator.http import Answer, Call
from simulator.modules import NOT_IN_API, canonical, scope_name
from simulator.state import State

Handler = Callable[[State, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. ``path`` has ``{name}`` for what varies; ``group`` and ``right`` make its OAuth scopes.

    ``operation`` is the name by which the setting ``refuse`` stops it. ``since`` is its first API version.
    """

    method: str
    path: tuple[str, ...]
    handler: Handler
    group: str
    right: str
    operation: str = "read"
    since: int = 2

    def args(self, parts: list[str]) -> dict[str, str] | None:
        """The varying parts of a path that fits, else ``None``."""
        if len(parts) != len(self.path):
            return None
        found = {}
        for pattern, part in zip(self.path, parts, strict=True):
            if pattern.startswith("{"):
                if not part:
                    return None
                found[pattern[1:-1]] = part
            elif pattern != part:
                return None
        return found

    def price(self, state: State, call: Call) -> int:
        """Credits of one call (API limits page; what no page tells is a setting)."""
        settings = state.settings
        told = {"count": settings.count_price, "search": settings.search_price}
        told |= {"metadata": settings.metadata_price}
        told |= dict.fromkeys(("bin", "purge", "restore"), settings.bin_price)
        if self.operation in told:
            return told[self.operation]
        if self.handler in (deleted_list.deleted, related_lists.count):
            return 2
        if self.handler is listing.get_records and "cvid" in call.params:
            return 3
        return coql.price(call) if self.handler is coql.query else 1

    @property
    def also_scope(self) -> str | None:
        """A scope that it needs beside one of its own."""
        return search_records.SCOPE if self.handler is search_records.search else None

    def heavy(self, call: Call) -> bool:
        """Whether it shares the lower limit of calls at the same time."""
        if self.handler is listing.get_records:
            return "cvid" in call.params or "sort_by" in call.params
        return self.handler is coql.query


def _route(
    method: str, path: str, handler: Handler, group: str, right: str, operation: str = "read", since: int = 2
) -> Route:
    return Route(method, tuple(path.split("/")), handler, group, right, operation, since)


_BIN = "settings/recycle_bin"
_COUNT = "{module}/{id}/actions/get_related_records_count"
_GROUP = "settings.recycle_bin"
ROUTES = (
    _route("GET", "users", metadata.users, "users", "READ"),
    _route("GET", "org", metadata.org, "org", "READ"),
    _route("POST", "coql", coql.query, "coql", "READ"),
    _route("GET", "settings/custom_views", metadata.views, "settings.custom_views", "READ"),
    _route("GET", "settings/custom_views/{id}", metadata.view, "settings.custom_views", "READ"),
    _route("GET", "settings/modules", org_metadata.modules, "settings.modules", "READ", "metadata"),
    _route("GET", "settings/fields", org_metadata.fields, "settings.fields", "READ", "metadata"),
    _route(
        "GET",
        "settings/related_lists",
        org_metadata.related_lists,
        "settings.related_lists",
        "READ",
        "metadata",
    ),
    _route("GET", _BIN, recycle_bin.listed, _GROUP, "READ", "bin", 6),
    _route("GET", f"{_BIN}/actions/count", recycle_bin.count, _GROUP, "READ", "bin", 6),
    _route("GET", f"{_BIN}/{{id}}", recycle_bin.one, _GROUP, "READ", "bin", 6),
    _route("DELETE", _BIN, bin_actions.purge_many, _GROUP, "DELETE", "purge", 6),
    _route("DELETE", f"{_BIN}/{{id}}", bin_actions.purge_one, _GROUP, "DELETE", "purge", 6),
    _route("POST", f"{_BIN}/actions/restore", bin_actions.restore_many, _GROUP, "UPDATE", "restore", 8),
    _route("POST", f"{_BIN}/actions/empty", bin_actions.empty, _GROUP, "UPDATE", "purge", 8),
    _route("POST", f"{_BIN}/{{id}}/actions/restore", bin_actions.restore_one, _GROUP, "UPDATE", "restore", 8),
    _route("GET", "{module}/actions/count", counting.count, "modules", "READ", "count"),
    _route("POST", "{module}/actions/mass_delete", mass_delete.start, "mass_delete", "DELETE", "mass_delete"),
    _route("GET", "{module}/actions/mass_delete", mass_delete.status, "mass_delete", "READ", "status"),
    _route("GET", "{module}/deleted", deleted_list.deleted, "modules", "READ"),
    _route("GET", "{module}", listing.get_records, "modules", "READ"),
    _route("DELETE", "{module}", records.delete_many, "modules", "DELETE", "delete"),
    _route("GET", "{module}/search", search_records.search, "modules", "READ", "search"),
    _route("GET", "{module}/{id}", listing.get_one, "modules", "READ"),
    _route("PUT", "{module}/{id}", updates.update_one, "modules", "UPDATE", "update"),
    _route("DELETE", "{module}/{id}", records.delete_one, "modules", "DELETE", "delete"),
    _route("GET", "{module}/{id}/{list}", related_lists.get_related, "modules", "READ", "related"),
    _route("POST", _COUNT, related_lists.count, "modules", "READ", "related", 8),
    _route("DELETE", "{module}/{id}/photo", belongings.delete_photo, "modules", "DELETE", "clear"),
    _route(
        "DELETE",
        "{module}/{id}/Attachments/{attachment_id}",
        belongings.delete_attachment,
        "modules",
        "DELETE",
        "clear",
    ),
    _route("DELETE", "{module}/{id}/{list}", related.delink_many, "modules", "DELETE", "delink"),
    _route("DELETE", "{module}/{id}/{list}/{related_id}", related.delink_one, "modules", "DELETE", "delink"),
)
_VERSIONS = {f"v{n}": n for n in range(2, 9)}


def find(call: Call) -> Route | Answer:
    """The endpoint of a call, with ``version`` and ``args`` filled in, or the refusal of path or method."""
    version = _VERSIONS.get(call.parts[1]) if len(call.parts) > 2 else None
    if version is None:
        return errors.invalid_url()
    call.version = version
    fits = [(route, args) for route in ROUTES if (args := route.args(call.parts[2:])) is not None]
    if fits and "module" not in fits[0][1]:  # a fixed path is never a module's
        fits = [pair for pair in fits if "module" not in pair[1]]
    fits = [pair for pair in fits if pair[0].since <= version]
    if not fits:
        return errors.invalid_url()
    for route, args in fits:
        if route.method == call.method:
            call.args = args
            return route
    return errors.invalid_method()


def module_refusal(state: State, call: Call) -> Answer | None:
    """What is wrong with the module in the path."""
    name = call.args.get("module")
    if name is None:
        return None
    if name in NOT_IN_API or not state.schema.served(name):
        return errors.unsupported_module()
    if name != "Activities" and state.store.find_module(name) is None:
        return errors.invalid_module()
    return None


def scopes_for(route: Route, call: Call) -> list[str]:
    """Scopes of which one is enough."""
    wide = [f"ZohoCRM.{route.group}.ALL", f"ZohoCRM.{route.group}.{route.right}"]
    if route.group.startswith("settings"):
        return ["ZohoCRM.settings.ALL", *wide]
    if "module" not in call.args or route.group not in ("modules", "mass_delete"):
        return wide
    name = scope_name(canonical(call.args["module"]))
    rights = ["ALL", route.right] + (["WRITE"] if route.operation in ("delink", "update") else [])
    return wide + [f"ZohoCRM.{route.group}.{name}.{right}" for right in rights]
