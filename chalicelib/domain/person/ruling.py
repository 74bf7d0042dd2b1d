"""What the person map says of one record that is the person's."""

from __future__ import annotations

from collections.abc import Set

from chalicelib.domain.person.hits import Hit
from chalicelib.domain.person.identity import Record
from chalicelib.domain.person.matching import Match
from chalicelib.domain.person.person_map import COMPANIES, COMPANY, Action, PersonMap, Rule

#: Why a record stays as it is that the request names, in a module whose records only lose what is theirs.
NOTHING = "holds nothing of the person"


def matching(hit: Hit, rule: Rule) -> tuple[Match, ...]:
    """The hit's matches in the fields by which the person map lets records be found."""
    return tuple(each for each in hit.matches if rule.match is None or each.field in rule.match)


def ruled(hit: Hit, person_map: PersonMap) -> tuple[Action, str | None]:
    """What is done with the record, and why it stays where it does. A company's record stays; by default not
    where the request names that very record.
    """
    rule = person_map.rule(hit.record.module)
    company = rule.action is Action.KEEP and rule.keep_reason == COMPANY
    if company and hit.named and by_default(hit.record.module, person_map):
        return Action.DELETE, None
    return rule.action, rule.keep_reason


def by_default(module: str, person_map: PersonMap) -> bool:
    """Are the module's records companies', of which nobody has put what is to be done with them?"""
    return module in COMPANIES and not person_map.put


def nothing_to_take(hit: Hit, rule: Rule, going: Set[Record]) -> bool:
    """Does the record hold no link to one that goes (`going`), and nothing that the person map clears?"""
    return not (rule.clear or hit.guest or any(link.to in going for link in hit.links))
