"""What writing evidence works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.evidence import canonical, dsse
from chalicelib.service.evidence.ports import Book, Objects, Signer
from chalicelib.service.messaging import Queue, Topic

if TYPE_CHECKING:
    # A name only: the function for evidence need not wait for the engine.
    from chalicelib.service.engine.deps import Report


@dataclass(frozen=True)
class Tools:
    """Adapters and settings. `clock`: seconds since the epoch. `owner`: a name of this process, other ones
    have others. `report` and `measure` as in the engine. `abreast`: how many receipts are made at once.
    """

    book: Book
    objects: Objects
    signer: Signer
    nudges: Queue
    topic: Topic
    clock: Callable[[], float]
    stage: str
    owner: str
    report: Report
    measure: Callable[[str, float], None]
    abreast: int = 8

    def envelope(self, kind: str, payload: bytes) -> bytes:
        """The payload, signed."""
        signature = self.signer.sign(dsse.pae(kind, payload))
        return dsse.Envelope(payload, kind, canonical.sha256(self.signer.public_key()), signature).to_bytes()
