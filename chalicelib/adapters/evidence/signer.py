"""The key that signs evidence (KMS): nobody ever holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable


@dataclass
class Signer:
    """`key`: the key's ARN."""

    key: str
    client: Callable[[], Any]
    _public: bytes = field(default=b"", repr=False)

    def public_key(self) -> bytes:
        """See ports.Signer. Asked for once."""
        if not self._public:
            self._public = bytes(self._ask("get_public_key")["PublicKey"])
        return self._public

    def sign(self, signed: bytes) -> bytes:
        """See ports.Signer. The digest is sent, as a payload may be longer than KMS takes."""
        answer = self._ask(
            "sign",
            Message=hashlib.sha256(signed).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return bytes(answer["Signature"])

    def _ask(self, call: str, **request: Any) -> Any:
        try:
            return getattr(self.client(), call)(KeyId=self.key, **request)
        except ClientError as problem:
            code = str(problem.response.get("Error", {}).get("Code", ""))
            raise Unavailable("evidence key", code) from problem
        except BotoCoreError as problem:
            raise Unavailable("evidence key", type(problem).__name__) from problem
