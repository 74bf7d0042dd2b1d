"""Which executor does which operation. Each is imported when it is first needed: a worker's first deletion
does not wait for the others.
"""

from __future__ import annotations

from typing import assert_never

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.request import Operation
from chalicelib.service.engine.step import Executor


def executor_of(deletion: Deletion) -> Executor:
    """What does its operation; once its selection is frozen, it is one by ids."""
    operation = Operation.DELETE_RECORDS if deletion.by_ids else deletion.request.operation
    match operation:
        case Operation.DELETE_RECORDS | Operation.DELINK_RECORDS:
            from chalicelib.service.by_ids import executor as by_ids

            return by_ids
        case Operation.MASS_DELETE:
            from chalicelib.service.by_view import executor as by_view

            return by_view
        case Operation.PURGE:
            from chalicelib.service.retention import executor as retention

            return retention
        case Operation.RESTORE | Operation.DELETE_PERMANENTLY:
            from chalicelib.service.bin import executor as recycle_bin

            return recycle_bin
        case Operation.ERASE_PERSON:
            from chalicelib.service.person import executor as person

            return person
    assert_never(operation)
