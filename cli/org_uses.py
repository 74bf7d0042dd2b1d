"""What of an org its sources and policies may delete: what its credentials need scopes for."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from chalicelib.adapters.dynamodb.policy_items import PolicyTable
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.source import Source
from cli import zoho_scopes
from cli.zoho_scopes import Use


def of_sources(org: str, sources: Iterable[Source]) -> list[Use]:
    """What the sources of the org may ask for."""
    return [
        use
        for source in sources
        if org in source.orgs
        for use in zoho_scopes.uses(
            source.modules,
            source.operations,
            mass_delete_by_ids=source.limits.mass_delete_by_ids,
            permanent=source.permanent_min_days is not None,
        )
    ]


def of_policies(org: str, store: PolicyTable) -> list[Use]:
    """What the org's policies delete; nothing where they cannot be read."""
    with suppress(Unavailable):
        found = [(kept.document.get("module"), kept.document) for kept in store.policies(org)]
        return [
            Use(module, jobs=False, permanent=bool(document.get("permanent_after")))
            for module, document in found
            if isinstance(module, str)
        ]
    return []
