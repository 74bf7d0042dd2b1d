"""Which executor does which operation. Each is imported when it is first needed: a worker's first deletion
does not wait for the others.
"""

from __future__ import annotations

from chalicelib.domain.deletion import Deletion
from chalicelib.domain.request import OF_THE_BIN, Operation
from chalicelib.service.engine.step import Executor


def executor_of(deletion: Deletion) -> Executor:
    """What does its operation; once its selection is frozen, it is one by ids."""
    operation = deletion.request.operation
    if operation in OF_THE_BIN:
        from chalicelib.service.bin import executor as recycle_bin

        return recycle_bin
    if deletion.by_ids or operation in (Operation.DELETE_RECORDS, Operation.DELINK_RECORDS):
        from chalicelib.service.by_ids import executor as by_ids

        return by_ids
    if operation is Operation.MASS_DELETE:
        from chalicelib.service.by_view import executor as by_view

        return by_view
    from chalicelib.service.retention import executor as retention

    return retention
