"""The guards of finding a person: what may be asked in which words, and what an answer is taken for."""

from __future__ import annotations

from tests.guards.guard import Guard

_READING, _PEOPLE = "chalicelib/adapters/zoho/reading.py", "chalicelib/adapters/zoho/people.py"
_ASKING, _ITEMS = "chalicelib/domain/zoho/asking.py", "chalicelib/domain/zoho/judge_items.py"
_HOSTILE = ("tests/contract/zoho/test_people_hostile.py",)
_CONTRACT = ("tests/contract/zoho/test_people.py",)
_WORDS = ("tests/unit/domain/zoho/test_asking.py",)

OF_THE_PEOPLE = (
    Guard(
        "which values are shared is what the approved map says",
        "chalicelib/service/person/carrying.py",
        "    shared = shared_in(work.deletion.erasure)\n",
        "    shared: dict[str, int] = {}\n",
        ("tests/unit/service/person/test_shared.py",),
    ),
    Guard(
        "a retry goes by the person map that its map was made with",
        "chalicelib/service/person/mapping.py",
        "    if retried and _rules(",
        "    if False and _rules(",
        ("tests/unit/service/person/test_retrying.py",),
    ),
    Guard(
        "a note goes only where it names the record as its own",
        "chalicelib/service/person/clearing.py",
        "if parent == record.id)",
        "if parent)",
        ("tests/unit/service/person/test_clearing.py",),
    ),
    Guard(
        "guests by address alone are compared whole",
        "chalicelib/domain/person/guests.py",
        "    return bool(places) and is_theirs(places)\n",
        "    return is_theirs(places)\n",
        ("tests/unit/service/person/test_guests.py",),
    ),
    Guard(
        "metadata without a name is no answer",
        _READING,
        'if told is None or (not empty and not any(isinstance(each.get("api_name"), str) for each in told)):',
        "if told is None:",
        _HOSTILE,
    ),
    Guard(
        "other records than asked for",
        _PEOPLE,
        "if reading.usable(reply, ids) and not reading.continues(reply):",
        "if reply.sent:",
        _HOSTILE,
    ),
    Guard(
        "converted and unapproved ones are searched for",
        _PEOPLE,
        'query = {**search.query(), "converted": "both", "approved": "both"}',
        "query = search.query()",
        _CONTRACT,
    ),
    Guard(
        "Search under a version that can ask for both",
        _PEOPLE,
        'SEARCH_VERSION = "v7"',
        'SEARCH_VERSION = "v8"',
        _CONTRACT,
    ),
    Guard(
        "no workflow runs for an update",
        _PEOPLE,
        ', "trigger": []}',
        "}",
        _CONTRACT,
    ),
    Guard(
        "quotes in a query",
        _ASKING,
        "        if not all(map(fits_in_coql, self.values)):\n",
        "        if not self.values:\n",
        _WORDS,
    ),
    Guard(
        "brackets and commas in criteria",
        _ASKING,
        'escaped = _ESCAPED.sub(r"\\\\\\1", text)',
        "escaped = text",
        _WORDS,
    ),
    Guard(
        "a success that names nothing",
        _ITEMS,
        "return item.id is None and (kind is CallKind.DELETE_PHOTO or not item.ok)",
        "return item.id is None",
        _HOSTILE,
    ),
    Guard(
        "a field of which nobody says that it may be read",
        "chalicelib/domain/zoho/metadata.py",
        'return personal.get("restricted") is not False',
        'return personal.get("restricted") is True',
        ("tests/unit/domain/zoho/test_reading_people.py",),
    ),
)
