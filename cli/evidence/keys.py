"""The verification key: the one place that needs a library for signatures, and only to check them."""

from __future__ import annotations

from chalicelib.domain.evidence import canonical
from chalicelib.domain.evidence.checking import PUBLIC_KEY, Key
from chalicelib.domain.evidence.pem import to_pem


class NoKey(ValueError):
    """The bytes are no key that receipts are signed with; the message says why."""


def load(pem: bytes) -> Key:
    """The key in the bytes of public-key.pem. Raises NoKey."""
    # Here, since they take a tenth of a second, for which no other command need wait.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 -- only where needed
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 -- only where needed
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- only where needed

    try:
        public = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise NoKey(f"{PUBLIC_KEY} is no public key in PEM") from problem
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise NoKey(f"{PUBLIC_KEY} is no key of the curve P-256")
    known = public
    der = known.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if to_pem(der) != pem:
        raise NoKey(f"{PUBLIC_KEY} is not written as Expunge writes it")

    def fits(signature: bytes, signed: bytes) -> bool:
        try:
            known.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    return Key(canonical.sha256(der), fits)
