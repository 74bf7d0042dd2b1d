"""What each source has named today: one item a source and UTC day, written by conditional updates alone.

No transaction ever holds such an item, so none of these updates is refused because another one is under way
(docs/adr/0011-limits-over-time.md). domain/quota.py has the rule; an update says it as a condition.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import codec, items
from chalicelib.adapters.dynamodb.dynamo import Dynamo, refusal
from chalicelib.domain import quota
from chalicelib.domain.errors import Rejected, Unavailable, Unreadable
from chalicelib.domain.quota import Copy, Count, Counted, Fits, Full, Tally

#: How often a count is judged anew where the tally changes under it, or a write of it stays refused.
TRIES = 8
#: For how long an item is kept after its day (seconds).
KEPT = 2 * 86_400
#: More records than these no source names in a day.
MOST = 10**12


def tally_key(source: str, day: str) -> items.Item:
    """Where the tally of a source and UTC day lies."""
    return items.source_key(source, f"DAY#{day}")


def to_tally(item: items.Item | None) -> Tally:
    """The tally from its item; an empty one where there is none. Raises Unreadable."""
    found = item or {}
    with codec.readable(items.place(item) if item else "", "tally"):
        hours = {int(name[1:]): _count(value) for name, value in found.items() if _numbered(name, "h")}
        marks = {int(name[1:]): str(value["S"]) for name, value in found.items() if _numbered(name, "m")}
        return Tally(_count(found.get("named", {"N": "0"})), hours, marks)


def _count(value: items.Item) -> int:
    """A number of records. Raises ValueError for one that nobody can have named in a day."""
    number = int(value["N"])
    if not 0 <= number <= MOST:
        raise ValueError("no number of records")
    return number


def _numbered(name: str, letter: str) -> bool:
    return name[:1] == letter and name[1:].isdigit()


class QuotaItems(Dynamo):
    """See ports.Deliveries."""

    def tally(self, source: str, day: str) -> Tally:
        """See ports.Deliveries."""
        return to_tally(self.get_item(tally_key(source, day)))

    def count(self, wanted: Count) -> Counted | Full:
        """See ports.Deliveries. Where the tally cannot be read no limit is removed: who has one waits for the
        next day, or until somebody has put it right.
        """
        try:
            return self._counted(wanted)
        except (Unreadable, Rejected) as problem:
            unread = self._unreadable(wanted)
            if unread is None:
                raise
            self.set_aside_item(unread)
            if wanted.per_hour is None and wanted.per_day is None:
                return Counted(0, own=False)
            raise Unavailable("table", "the tally of a source cannot be read") from problem

    def _unreadable(self, wanted: Count) -> Unreadable | None:
        """What is wrong with the tally; None where it can be read."""
        try:
            self.tally(wanted.source, wanted.day)
        except Unreadable as problem:
            return problem
        return None

    def _counted(self, wanted: Count) -> Counted | Full:
        found: Counted | Copy | Full | Fits = Fits(0)
        for _ in range(TRIES):
            if isinstance(found, Counted | Full):
                return found
            if isinstance(found, Copy):
                if self._shared(wanted, found.mark):
                    return Counted(found.before, own=False)
                found = quota.judged(self.tally(wanted.source, wanted.day), wanted)
            else:
                found = self._added(wanted, found.over)
        raise Unavailable("table", "the tally of a source kept changing")

    def uncount(self, wanted: Count) -> None:
        """See ports.Deliveries."""
        hour, mark = f"h{wanted.hour}", f"m{wanted.place}"
        self.update_if(
            tally_key(wanted.source, wanted.day),
            f"SET named = named - :n, {hour} = {hour} - :n REMOVE {mark}",
            f"{mark} = :mark",
            {":n": items.number(wanted.records), ":mark": {"S": wanted.mark}},
        )

    def _shared(self, wanted: Count, mark: str) -> bool:
        """From here on the copy that left the mark can no longer take back what it counted."""
        after, name = quota.shared(mark), f"m{wanted.place}"
        if after == mark:
            return True
        return self.update_if(
            tally_key(wanted.source, wanted.day),
            f"SET {name} = :after",
            f"{name} = :mark",
            {":after": {"S": after}, ":mark": {"S": mark}},
        )

    def _added(self, wanted: Count, over: str) -> Counted | Copy | Full | Fits:
        """Count it if it fits, and say what became of it, or how the tally stands where it did not."""
        try:
            answer = self.write(
                "update_item",
                TableName=self.name,
                Key=tally_key(wanted.source, wanted.day),
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **_update(wanted, over),
            )
        except ClientError as problem:
            if items.clashed(problem):
                return Fits(0, over)  # nothing of ours holds it for long: once more
            if items.code_of(problem) != "ConditionalCheckFailedException":
                raise refusal(problem) from problem
            item: Any = problem.response.get("Item") or self.get_item(tally_key(wanted.source, wanted.day))
            return quota.judged(to_tally(item), wanted)
        return Counted(int(answer["Attributes"]["named"]["N"]) - wanted.records)


def _update(wanted: Count, over: str) -> dict[str, Any]:
    """The update that counts `wanted`, on the condition that it fits and no copy of it was counted."""
    hour, mark = f"h{wanted.hour}", f"m{wanted.place}"
    values = {
        ":n": items.number(wanted.records),
        ":zero": items.number(0),
        ":mark": {"S": wanted.mark},
        ":gone": items.number(quota.day_ends(wanted.at) + KEPT),
    }
    if over:
        conditions, values[":over"] = [f"{mark} = :over"], {"S": over}
    else:
        conditions = [f"(attribute_not_exists({mark}) OR NOT begins_with({mark}, :digest))"]
        values[":digest"] = {"S": wanted.digest}
    for name, most, value in (("named", wanted.per_day, ":day"), (hour, wanted.per_hour, ":hour")):
        if most is not None:
            fits = f"{name} >= :zero AND {name} <= {value}"
            conditions.append(f"({fits} OR (attribute_not_exists({name}) AND {value} >= :zero))")
            values[value] = items.number(most - wanted.records)
    return {
        "UpdateExpression": f"SET named = if_not_exists(named, :zero) + :n,"
        f" {hour} = if_not_exists({hour}, :zero) + :n, {mark} = :mark, expires_at = :gone",
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeValues": values,
    }
