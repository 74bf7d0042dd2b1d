"""No code tells a policy's run of a source, a view or a job, which it does not have."""

from __future__ import annotations

import re

from chalicelib.domain.request import Operation
from chalicelib.domain.zoho.lookup import TABLE, explain
from chalicelib.domain.zoho.policy_words import WORDS
from chalicelib.domain.zoho.reply import CallKind

#: Kinds of calls that a run never makes, and codes that only a source's request or a view can have.
NEVER = {
    CallKind.MASS_DELETE_VIEW, CallKind.JOB_STATUS, CallKind.DELINK, CallKind.DELETE_EXTERNAL,
    CallKind.DELETE_FROM_BIN, CallKind.RESTORE_FROM_BIN, CallKind.BIN_ENTRIES, CallKind.TOKEN,
}  # fmt: skip
OF_OTHERS = {"HOURLY_LIMIT", "DAILY_LIMIT", "VIEW_NOT_FOUND"}


def test_no_code_speaks_of_what_a_run_does_not_have() -> None:
    for row in TABLE:
        if not row.kinds - NEVER or row.code in OF_OTHERS:
            continue
        told = " ".join(explain(row.code, Operation.PURGE))
        assert not re.search(r"\b(source|view|cvid|job)\b", told), (row.code, told)


def test_every_word_is_of_a_code_that_there_is() -> None:
    assert set(WORDS) <= {row.code for row in TABLE}
    assert explain("MAX_RECORDS", Operation.DELETE_RECORDS) != explain("MAX_RECORDS", Operation.PURGE)
