"""Problems of an object's fields, each at its place."""

from __future__ import annotations

from chalicelib.domain.fields import Reader


def test_an_unknown_field_is_told_what_is_known_and_never_itself_among_it() -> None:
    reader = Reader({"modul": 1, "org": "x", "shedule": 2})
    reader.known("module", "org")
    found = {field.path: field.problem for field in reader.finished()}
    words = "is not known here; known are module, org"
    assert found == {"/modul": words, "/shedule": words}
