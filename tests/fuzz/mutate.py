"""Random and mutated requests to the public routes, as events of API Gateway, from one seed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

from tests.fakes import BEARER, CRM, KEY, NARROW_KEY, NOW, OLD_KEY, event, signed

STATUS = "/v1/deletions/{id}"
BODIES: list[dict[str, Any]] = [
    {"operation": "delete_records", "module": "Leads", "ids": ["410405000002264040", "1"]},
    {
        "operation": "delete_records",
        "module": "Contacts",
        "ids": ["a b", "x"],
        "external_id_field": "External",
    },
    {"operation": "delete_records", "module": "Leads", "ids": ["1"], "api": "mass_delete", "max_records": 3},
    {
        "operation": "mass_delete",
        "module": "Leads",
        "cvid": "1",
        "territory": {"id": "2", "include_child": True},
    },
    {
        "operation": "delink_records",
        "module": "Campaigns",
        "record_id": "1",
        "related_list": "Contacts",
        "ids": ["2"],
    },
]
FIELDS = [
    *(
        "operation",
        "module",
        "ids",
        "cvid",
        "territory",
        "record_id",
        "related_list",
        "wf_trigger",
        "api",
        "org",
    ),
    *("external_id_field", "dry_run", "max_records", "reference", "reason", "bogus", "", "a/b~c", "\ud800"),
]
TEXTS = [
    "",
    ".",
    "..",
    "/",
    "%2F",
    "\x00",
    "é",
    "\ud83d\ude00",
    "１",
    "Leads",
    "1",
    "true",
    "null",
    "x" * 300,
]
PIECES = [
    b'"',
    b"\\",
    b"[",
    b"{",
    b"}",
    b"]",
    b",",
    b":",
    b"\\ud800",
    b"NaN",
    b"1e999",
    b"\xff",
    b"\x00",
    b"9" * 30,
]
MEDIA = [*["application/json"] * 6, "Application/JSON; charset=x", "application/x-www-form-urlencoded"]
ODD_MEDIA = [
    "",
    "text/plain",
    "*/*",
    "application/json,",
    "multipart/form-data; boundary=x",
    "\x00",
    "a" * 9000,
]
SOURCES = ["crm", "crm", "crm", "narrow", "narrow", "plain"]
ODD_SOURCES = ["", "unknown", "operator", "CRM", "..", "crm/", "%00", "é", "\ud800", "x" * 9000]


@dataclass
class Mutator:
    """Makes events; `links` are capability URLs that were given out, for requests that read."""

    random: Random
    links: list[str] = field(default_factory=list)

    def event(self) -> dict[str, Any]:
        """One request of any kind."""
        kinds: list[tuple[Callable[[], dict[str, Any]], int]] = [
            (self.well_signed, 50),
            (self.badly_signed, 20),
            (self.bearer, 15),
            (self.reading, 12),
            (self.shapeless, 3),
        ]
        makers, weights = zip(*kinds, strict=True)
        [make] = self.random.choices(makers, weights)
        return make()  # type: ignore[no-any-return]  # whatever was put there

    def well_signed(self) -> dict[str, Any]:
        """A good signature over a body of any kind, so that the parser and the rules are reached."""
        body = self.body()
        key = self.random.choice([KEY, OLD_KEY, NARROW_KEY])
        headers = signed(body, NOW + self.random.randint(-300, 300), self.delivery(), key, self.media())
        return self.sent(headers, body)

    def badly_signed(self) -> dict[str, Any]:
        """A good signature with something changed afterwards."""
        body = self.body()
        headers = signed(body, NOW, self.delivery(), KEY, self.media())
        for _ in range(self.random.randint(1, 3)):
            name = self.random.choice(list(headers))
            how = self.random.randrange(5)
            if how == 0:
                headers.pop(name, None)
            elif how == 1:
                headers[name] = self.text()
            elif how == 2:
                headers[name] = self.flipped(headers[name].encode("utf-8", "replace")).decode("latin-1")
            elif how == 3:
                headers[name] = " ".join([headers[name]] * self.random.randint(2, 50))
            else:
                body = self.flipped(body)
            headers = headers or {"X": "y"}
        return self.sent(headers, body)

    def bearer(self) -> dict[str, Any]:
        """The token profile, with JSON and forms."""
        value = BEARER if self.random.random() < 0.8 else self.text()
        media = self.random.choice([self.media(), MEDIA[-1]])
        body = self.form() if media == MEDIA[-1] else self.body()
        scheme = self.random.choice(["Bearer", "bearer", "Bearer", "Basic", ""])
        headers = {"Authorization": f"{scheme} {value}", "Content-Type": media}
        return event(CRM, {"source": "plain"}, headers, body)

    def reading(self) -> dict[str, Any]:
        """A GET with a good, a damaged or an invented link."""
        link = self.random.choice(self.links) if self.links else "del_x?token=x"
        path, _, token = link.partition("?token=")
        params = {"id": path.rsplit("/", 1)[-1]}
        query = {"token": token}
        for _ in range(self.random.randrange(3)):
            match self.random.randrange(4):
                case 0:
                    query["token"] = self.flipped(token.encode()).decode("latin-1")
                case 1:
                    params["id"] = self.text()
                case 2:
                    query["cursor"] = self.random.choice(
                        ["0", "500", "-1", "999999999", "x", "٣", self.text()]
                    )
                case _:
                    query = {self.text(): self.text()}
        accept = self.random.choice(["text/html", "application/json", "*/*", self.text()])
        route = STATUS + self.random.choice(["", "/records"])
        return event(route, params, {"Accept": accept}, method="GET", query=query)

    def shapeless(self) -> dict[str, Any]:
        """Parts missing, null, or in base64 that is none."""
        made = self.well_signed()
        for name in self.random.sample(["headers", "multiValueHeaders", "body", "isBase64Encoded"], 2):
            made[name] = None
        if self.random.random() < 0.5:
            made["isBase64Encoded"] = True
        return made

    def sent(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        usual = self.random.random() < 0.9
        source = self.random.choice(SOURCES if usual else ODD_SOURCES)
        if self.random.random() < 0.3:
            return event(CRM, {"source": source}, headers, base64.b64encode(body).decode(), base64=True)
        return event(CRM, {"source": source}, headers, body)

    def delivery(self) -> str:
        """Mostly a new id, sometimes one that was there, sometimes none that is allowed."""
        if self.random.random() < 0.1:
            return self.text().encode("utf-8", "replace").decode()
        return f"msg_{self.random.randrange(300)}"

    def media(self) -> str:
        return self.random.choice(MEDIA if self.random.random() < 0.95 else ODD_MEDIA)

    def body(self) -> bytes:
        how = self.random.random()
        if how < 0.1:
            return self.random.randbytes(self.random.randrange(200))
        if how < 0.13:
            return self.random.choice(PIECES) * self.random.randrange(5000)
        if how < 0.132:
            return b" " * (256 * 1024) + self.random.choice([b"", b"{}"])
        chosen = dict(self.random.choice(BODIES))
        for _ in range(self.random.randrange(4)):
            chosen[self.random.choice(FIELDS)] = self.value(3)
        raw = json.dumps(chosen).encode()
        return self.flipped(raw) if how < 0.35 else raw

    def form(self) -> bytes:
        chosen = {"operation": "delete_records", "module": "Leads", "ids": "1,2"}
        for _ in range(self.random.randrange(4)):
            chosen[self.random.choice(FIELDS)] = self.text()
        raw = urlencode(chosen, errors="replace").encode()
        return self.flipped(raw) if self.random.random() < 0.3 else raw

    def value(self, depth: int) -> Any:
        """A JSON value of any kind."""
        match self.random.randrange(7 if depth else 5):
            case 0:
                return self.random.choice([None, True, False])
            case 1:
                return self.random.choice([0, 1, -1, 410405000002264040, 10**25, 1.5, 1e300])
            case 2 | 3:
                return self.text()
            case 4:
                return [str(n) for n in range(self.random.choice([1, 3, 4, 101, 501]))]
            case 5:
                return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
            case _:
                return {
                    self.random.choice(FIELDS): self.value(depth - 1) for _ in range(self.random.randrange(4))
                }

    def text(self) -> str:
        if self.random.random() < 0.5:
            return self.random.choice(TEXTS)
        return "".join(chr(self.random.choice([0x20, 0x41, 0x7F, 0xE9, 0x2028, 0x1F600])) for _ in range(8))

    def flipped(self, raw: bytes) -> bytes:
        """A few bytes changed, taken out, put in or doubled."""
        found = bytearray(raw)
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randrange(len(found) + 1)
            match self.random.randrange(4):
                case 0 if at < len(found):
                    found[at] ^= 1 << self.random.randrange(8)
                case 1:
                    del found[at : at + self.random.randint(1, 9)]
                case 2:
                    found[at:at] = self.random.choice(PIECES)
                case _:
                    found[at:at] = found[at : at + 40]
        return bytes(found)
