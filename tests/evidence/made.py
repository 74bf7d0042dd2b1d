"""Evidence for tests: deletions that have ended, a key of their own, and a bucket that is a dict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.deletion import Counts, Deletion
from chalicelib.domain.document import iso
from chalicelib.domain.evidence import canonical, dsse, head, operators, receipt, records
from chalicelib.domain.evidence.checking import PUBLIC_KEY, Key
from chalicelib.domain.evidence.head import Head
from chalicelib.domain.outcomes import Chunk, Mark, fresh
from chalicelib.domain.request import Limits, Operation, Request
from chalicelib.domain.status import Status

STAGE = "prod"
MARKS = {"d": Mark.DELETED, "f": Mark.FAILED, "u": Mark.UNKNOWN, "a": Mark.ABSENT, "p": Mark.PENDING}
NOW = 1_764_000_000.0


class SigningKey:
    """A key as KMS keeps one."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        self.der = public.public_bytes(*der)
        self.pem = public.public_bytes(serialization.Encoding.PEM, der[1])

    def sign(self, signed: bytes) -> bytes:
        return self._key.sign(signed, ec.ECDSA(hashes.SHA256()))

    @property
    def key(self) -> Key:
        """The key as somebody has it who verifies."""
        public = self._key.public_key()

        def fits(signature: bytes, signed: bytes) -> bool:
            try:
                public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
            except InvalidSignature:
                return False
            return True

        return Key(canonical.sha256(self.der), fits)

    def envelope(self, kind: str, payload: bytes) -> bytes:
        signature = self.sign(dsse.pae(kind, payload))
        return dsse.Envelope(payload, kind, self.key.keyid, signature).to_bytes()


def deletion(n: int = 1, marks: str = "ddf", **more: Any) -> tuple[Deletion, list[Chunk]]:
    """The n-th deletion of as many ids as `marks` has, ended, and its chunks."""
    ids = tuple(str(410405000002264000 + 100 * n + at) for at in range(len(marks)))
    request = Request(
        operation=Operation.DELETE_RECORDS,
        module="Leads",
        org="default",
        ids=ids,
        reference=more.pop("reference", "DSR-17 Anna"),
        reason="she asked for it",
    )
    chunks, start = [], 0
    for chunk in fresh(ids):
        part = marks[start : start + len(chunk.ids)]
        codes = {at: ("RECORD_LOCKED", "locked") for at, each in enumerate(part) if each == "f"}
        chunks.append(replace(chunk, marks="".join(MARKS[each].value for each in part), codes=codes))
        start += len(chunk.ids)
    made = Deletion(
        id=f"del_{n:026d}",
        request=request,
        source="crm-workflow",
        created_at=NOW + n,
        updated_at=NOW + n + 5,
        expires_at=int(NOW) + 400 * 86_400,
        limits=Limits(),
        status=Status.PARTIALLY_COMPLETED,
        counts=Counts(requested=len(ids), deleted=marks.count("d"), failed=marks.count("f")),
        finished_at=NOW + n + 5,
        id_count=len(ids),
        chunks=len(chunks),
        events=3,
        chain="c" * 64,
        seed=f"{n:032x}",
        calls=1,
    )
    return replace(made, **more), chunks


def erasure(n: int = 1) -> tuple[Deletion, list[Chunk]]:
    """The n-th deletion as the erasure of a person that has ended: its ids name their modules."""
    made, chunks = deletion(n, "dd")
    ids = tuple(f"Contacts/{one}" for one in made.request.ids)
    request = replace(made.request, operation=Operation.ERASE_PERSON, module="*", ids=ids)
    chunks = [replace(chunks[0], ids=ids)]
    told: dict[str, object] = {
        "out_of_reach": [{"code": "MODULE_NOT_READABLE", "module": "Vault", "field": "", "meaning": "m"}],
        "verification": {"found_again": 0, "searches": 2, "by_module": {}, "verified_at": iso(NOW + n + 5)},
        "identity": {"emails": ["5eed"], "phones": [], "records": []},
    }
    return replace(made, request=request, status=Status.COMPLETED, erasure=told, frozen=True), chunks


@dataclass
class Bucket:
    """Objects by name: a Store. `ages`: of those whose age is known."""

    objects: dict[str, bytes] = field(default_factory=dict)
    ages: dict[str, timedelta] = field(default_factory=dict)

    def names(self, prefix: str) -> Iterable[str]:
        return [name for name in sorted(self.objects) if name.startswith(prefix)]

    def read(self, name: str) -> bytes | None:
        return self.objects.get(name)

    def age(self, name: str) -> timedelta | None:
        return self.ages.get(name)


@dataclass
class Maker:
    """Writes evidence into a bucket as the service does, but all at once."""

    signing: SigningKey = field(default_factory=SigningKey)
    bucket: Bucket = field(default_factory=Bucket)
    last: Head | None = None

    def __post_init__(self) -> None:
        self.bucket.objects[PUBLIC_KEY] = self.signing.pem

    def receipt(self, ended: Deletion, chunks: list[Chunk], n: int = 1) -> str:
        known = records.of(ended, chunks)
        body = receipt.payload(ended, receipt.Facts(STAGE, known))
        self.bucket.objects[receipt.records_name(ended.id, n)] = known.packed()
        name = receipt.name(ended.id, n)
        self.bucket.objects[name] = self.signing.envelope(dsse.RECEIPT, body)
        return name

    def entry(self, entry: operators.Entry) -> str:
        name = operators.name(entry.id)
        self.bucket.objects[name] = operators.sealed(entry)
        return name

    def head(self, *names: str, at: float = NOW + 60) -> str:
        entries = [(name, canonical.sha256(self.bucket.objects[name])) for name in names]
        self.last = head.following(self.last, str(iso(at)), STAGE, entries)
        name = head.name(self.last.n)
        self.bucket.objects[name] = self.signing.envelope(dsse.HEAD, self.last.payload())
        return name


def folder() -> tuple[dict[str, bytes], Key]:
    """The folder of a receipt, and the key."""
    maker = Maker()
    maker.head(maker.receipt(*deletion()))
    return maker.bucket.objects, maker.signing.key


def chain_of(heads: int = 4) -> tuple[Maker, Bucket]:
    """A chain in which each head has two receipts and an operators' entry."""
    maker = Maker()
    for n in range(heads):
        names = [maker.receipt(*deletion(2 * n)), maker.receipt(*deletion(2 * n + 1))]
        entry = operators.Entry(
            f"op_{n:026d}", NOW + n, "arn:aws:iam::1:user/a", operators.What.PAUSE_SET, "*", seed="5" * 32
        )
        maker.head(*names, maker.entry(entry), at=NOW + 60 * (n + 1))
    return maker, maker.bucket
