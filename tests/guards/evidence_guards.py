"""The guards of evidence: of its writing, its checking, and of what `expunge find` and `log` conclude."""

from __future__ import annotations

from tests.guards.guard import Guard

_DOMAIN, _SERVICE, _TESTS = "chalicelib/domain", "chalicelib/service/evidence", "tests/evidence"

OF_THE_EVIDENCE = (
    Guard(
        "a salt has its length",
        f"{_DOMAIN}/evidence/checking.py",
        "right = right and (none or len(salt) == salts.LENGTH)",
        "right = bool(right)",
        (
            f"{_TESTS}/test_verifying.py::test_a_first_line_that_says_anything_else_than_its_reference_is_found",
        ),
    ),
    Guard(
        "the first line is as it is written",
        f"{_DOMAIN}/evidence/checking.py",
        'told == body["reference_sha256"] and first == records.first_line(salt, reference)',
        'told == body["reference_sha256"]',
        (
            f"{_TESTS}/test_verifying.py::test_a_first_line_that_says_anything_else_than_its_reference_is_found",
        ),
    ),
    Guard(
        "what no head names waits for minutes only",
        f"{_DOMAIN}/evidence/chain.py",
        "if age is None or age < UNTIL_ITS_HEAD:",
        "if age is None or age >= timedelta():",
        (
            (
                f"{_TESTS}/test_verifying.py::test_an_object_that_no_head_names_waits_for_minutes_only_whatever_it"
                "_says_of_its_time"
            ),
        ),
    ),
    Guard(
        "heads that come while the chain is read are read too",
        f"{_DOMAIN}/evidence/chain.py",
        "    while newer := heads.read_newer():\n",
        "    while newer := []:\n",
        (f"{_TESTS}/test_moving.py",),
    ),
    Guard(
        "no end is left out of a folder",
        f"{_DOMAIN}/evidence/folder.py",
        'found.wrong(name, f"is missing: {one} has ended more than once")',
        "pass",
        (f"{_TESTS}/test_verifying.py::test_no_end_of_a_deletion_can_be_left_out_of_its_folder",),
    ),
    Guard(
        "operators' entries are looked for from the newest head back",
        f"{_SERVICE}/minute.py",
        "return min(now, datetime.fromisoformat(chain.at).timestamp()) - LOOKED_BACK",
        "return now - LOOKED_BACK",
        (
            (
                f"{_TESTS}/test_minute.py::test_entries_of_a_time_in_which_nothing_was_written_are_written"
                "_afterwards"
            ),
        ),
    ),
    Guard(
        "no head comes before the entries that it looks back to",
        f"{_SERVICE}/minute.py",
        "        if tools.clock() >= until:\n            return None\n",
        "        if tools.clock() >= until:\n            break\n",
        (
            f"{_TESTS}/test_minute.py::test_no_head_comes_before_all_entries_that_it_looks_back_to_are_written",
        ),
    ),
    Guard(
        "a receipt tells how children stand",
        f"{_SERVICE}/receipts.py",
        "return standing(deletion, tools.book.get_many(made)) if made else deletion",
        "return deletion",
        (
            f"{_TESTS}/test_operations.py::test_what_was_deleted_for_good_has_its_proof_and_its_parent_names_it",
        ),
    ),
    Guard(
        "a log says itself that it was forgotten",
        f"{_DOMAIN}/log_checking.py",
        "return any(entry.what in said for entry in entries)",
        "return bool(said)",
        (f"{_TESTS}/test_tampering.py",),
    ),
    Guard(
        "nothing is forgotten before a head says so",
        "chalicelib/adapters/dynamodb/receipt_items.py",
        "return bool(noted) and not self._in_a_head(noted)",
        "return False",
        (f"{_TESTS}/test_forgetting.py::test_nothing_goes_before_a_head_names_the_entry_that_says_so",),
    ),
    Guard(
        "a page of the operators' log ends where the answer does",
        "chalicelib/adapters/dynamodb/operators_log_items.py",
        "        if end is not None and found:\n",
        "        if end is not None and not found:\n",
        (
            (
                "tests/contract/ledger/test_operators.py::test_no_entry_of_the_operators_log_is_left_out_however"
                "_long_they_are"
            ),
        ),
    ),
)
