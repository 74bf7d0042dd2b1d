"""What senders sign in the place of the body they send: other ends, other encodings, written again."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from cli.verifying.hints import Hint

EXACT = "sign the exact bytes that you send: build the body once, sign it, send that same text"
_BOM = b"\xef\xbb\xbf"


def bodies(body: bytes) -> list[tuple[bytes, Hint | None]]:
    """The body, and what may have been signed in its place; each once, the likeliest first."""
    found: dict[bytes, Hint | None] = {body: None}
    for code, words, other in _bodies(body):
        found.setdefault(other, Hint(code, f"what was signed is the body {words}", EXACT))
    return list(found.items())


def _bodies(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    yield "trailing_newline", "with a line break at its end", body + b"\n"
    yield "trailing_newline", "with CR LF at its end", body + b"\r\n"
    yield "trailing_newline", "without the white space at its end", body.rstrip()
    yield "trailing_newline", "without the white space around it", body.strip()
    yield "line_ends", "with LF instead of CR LF", body.replace(b"\r\n", b"\n")
    yield "line_ends", "with CR LF instead of LF", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "line_ends", "without its line breaks", body.replace(b"\r", b"").replace(b"\n", b"")
    yield "bom", "without its byte order mark", body.removeprefix(_BOM)
    yield "bom", "with a byte order mark before it", _BOM + body
    yield from _encoded(body)
    yield from _written_again(body)
    yield from _forms(body)
    yield "base64_body", "in base64", base64.b64encode(body)
    yield "empty_body", "left out", b""


def _encoded(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    """The same text in other bytes: another encoding, or one that was taken for another."""
    for name in ("latin-1", "cp1252"):
        words = f"read as {name} and written as UTF-8"
        yield "encoding", words, body.decode(name, "replace").encode("utf-8", "replace")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return
    units = text.encode("utf-16-le", "surrogatepass")
    for name in ("ascii", "latin-1", "cp1252"):
        yield "encoding", f"in {name}, with ? for the rest", text.encode(name, "replace")
        yield "encoding", f"in {name}, without the rest", text.encode(name, "ignore")
    pieces = [units[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(units), 2)]
    questions = "".join(each if each.isascii() else "?" for each in pieces)
    yield "encoding", "in ascii, with ? for the rest", questions.encode()
    cesu = "".join(pieces).encode("utf-8", "surrogatepass")
    yield "encoding", "with each half of a surrogate pair on its own (CESU-8)", cesu
    for name, other in (("utf-16-le", units), ("utf-16-be", text.encode("utf-16-be", "surrogatepass"))):
        yield "encoding", f"in {name}", other
        yield "encoding", f"in {name} with a byte order mark", "\ufeff".encode(name) + other
    for form in ("NFC", "NFD"):
        normal = unicodedata.normalize(form, text)
        yield "encoding", f"in Unicode's form {form}", normal.encode("utf-8", "surrogatepass")


def _written_again(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    for words, text in _written(value):
        yield "reserialised", f"written again as {words}", text.encode("utf-8", "surrogatepass")
    text = json.dumps(body.decode("utf-8", "replace"))
    yield "reserialised", "as a JSON text within JSON (quoted once more)", text.encode()


def _written(value: Any) -> Iterator[tuple[str, str]]:
    for ascii_only in (False, True):
        for order, keys in (("", False), (" with sorted names", True)):
            more: Any = {"ensure_ascii": ascii_only, "sort_keys": keys}
            compact = json.dumps(value, separators=(",", ":"), **more)
            yield f"compact JSON{order}", compact
            yield f"JSON with blanks{order}", json.dumps(value, **more)
            for indent in (2, 4, "\t"):
                pretty = json.dumps(value, indent=indent, **more)
                yield f"pretty JSON{order}", pretty
                yield f"pretty JSON{order}, with a line break at its end", f"{pretty}\n"
                yield f"pretty JSON{order}, with CR LF", pretty.replace("\n", "\r\n")
            yield f"compact JSON{order} with \\/ for / (PHP)", compact.replace("/", "\\/")
            yield f"compact JSON{order} with <, > and & escaped (Go, Gson)", _escaped(compact, "<>&")
            yield f"compact JSON{order} with <, >, &, ' and = escaped (Gson)", _escaped(compact, "<>&'=")
            yield (
                f"compact JSON{order} with escapes in capitals (.NET)",
                _capitals(_escaped(compact, "<>&'+`")),
            )


def _escaped(text: str, characters: str) -> str:
    return text.translate({ord(each): f"\\u{ord(each):04x}" for each in characters})


def _capitals(text: str) -> str:
    return re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found.group()[2:].upper(), text)


def _forms(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    text = body.decode("utf-8", "replace")
    yield "form_decoded", "percent-decoded, as a form is read", unquote_plus(text).encode()
    yield "form_decoded", "percent-decoded", unquote(text).encode()
    pairs = dict(parse_qsl(text, keep_blank_values=True))
    if pairs and not text.lstrip().startswith("{"):
        for words, written in _written(pairs):
            yield "form_decoded", f"as {words}, but a form was sent", written.encode()
