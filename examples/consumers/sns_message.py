"""Is this HTTP request really from our SNS topic? SNS message signatures, version 2 (SHA-256).

Written after "Verifying the signatures of Amazon SNS messages" in Amazon's SNS developer guide. Needs the
package `cryptography`.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

#: SNS tries an HTTPS endpoint for an hour; a copy that comes much later is not from it.
OLDEST = timedelta(hours=2)
NEWEST = timedelta(minutes=15)
MOST_CERTIFICATE = 64 * 1024  # bytes
_ADDRESS = re.compile(r"[!-~]{1,2048}")  # what is visible: urlsplit drops tabs and line ends without a word
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem")
_TOKEN = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _TOKEN,
    "UnsubscribeConfirmation": _TOKEN,
}


class NotFromSns(Exception):
    """The request is not from the topic, or cannot be shown to be. The text is for your log only."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A redirect could lead anywhere: it is an error."""


def fetch(url: str) -> bytes:
    """GET over TLS, no redirects, five seconds, no more than a certificate needs. Raises OSError."""
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(url, timeout=5.0) as answer:
            found: bytes = answer.read(MOST_CERTIFICATE)
    except HTTPException as problem:
        raise OSError(type(problem).__name__) from problem
    return found


@dataclass
class SnsMessages:
    """Messages of one topic. `fetch` gets an https address that was found to be SNS's own."""

    topic_arn: str
    fetch: Callable[[str], bytes] = fetch
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _certificates: dict[str, x509.Certificate] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """SNS's host in the topic's region: the only one that is ever asked for anything."""
        _, partition, _, region, *_ = self.topic_arn.split(":")
        return f"sns.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"

    def verified(self, body: bytes) -> dict[str, str]:
        """The message in a request's body. Raises NotFromSns; OSError where no certificate is to be had."""
        message = _parsed(body)
        names = _SIGNED.get(message.get("Type", ""))
        if names is None:
            raise NotFromSns("no such type")
        if message.get("TopicArn") != self.topic_arn:
            raise NotFromSns("another topic")
        if message.get("SignatureVersion") != "2":
            raise NotFromSns("not signature version 2: set the topic's SignatureVersion")
        self._check_time(message)
        try:
            signature = base64.b64decode(message.get("Signature", ""), validate=True)
            given = [name for name in names if name in message or name != "Subject"]
            content = "".join(f"{name}\n{message[name]}\n" for name in given)
        except (ValueError, KeyError):
            raise NotFromSns("a part that is signed is missing") from None
        key = self._certificate(message.get("SigningCertURL", "")).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise NotFromSns("not an RSA key")
        try:
            key.verify(signature, content.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise NotFromSns("the signature is another one") from None
        return message

    def confirm(self, message: dict[str, str]) -> None:
        """Visits a verified SubscriptionConfirmation's address. Raises NotFromSns, OSError."""
        self.fetch(self._own(message["SubscribeURL"]))

    def _check_time(self, message: dict[str, str]) -> None:
        try:
            sent = datetime.strptime(message.get("Timestamp", ""), "%Y-%m-%dT%H:%M:%S.%fZ").replace(
                tzinfo=UTC
            )
        except ValueError:
            raise NotFromSns("no timestamp") from None
        if not -NEWEST <= self.now() - sent <= OLDEST:
            raise NotFromSns("too old or too new")

    def _own(self, url: str) -> str:
        """`url`, where it is https on SNS's host and nothing else."""
        try:
            parts = urlsplit(url)
            good = (parts.scheme, parts.netloc) == ("https", self.host) and not parts.fragment
        except ValueError:
            good = False
        if not good or not _ADDRESS.fullmatch(url):
            raise NotFromSns("an address that is not SNS's")
        return url

    def _certificate(self, url: str) -> x509.Certificate:
        if not _CERTIFICATE_PATH.fullmatch(urlsplit(self._own(url)).path) or urlsplit(url).query:
            raise NotFromSns("not the address of a signing certificate")
        if url not in self._certificates:
            pem = self.fetch(url)
            try:
                certificate = x509.load_pem_x509_certificate(pem)
                names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            except (ValueError, x509.ExtensionNotFound):
                raise NotFromSns("not a certificate") from None
            if not {"sns.amazonaws.com", self.host} & set(names.get_values_for_type(x509.DNSName)):
                raise NotFromSns("somebody else's certificate")
            self._certificates = {url: certificate}  # one at a time: there is one, until SNS changes it
        found = self._certificates[url]
        if not found.not_valid_before_utc <= self.now() <= found.not_valid_after_utc:
            raise NotFromSns("the certificate is not good today")
        return found


def _parsed(body: bytes) -> dict[str, str]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise NotFromSns("not JSON") from None
    if not isinstance(message, dict):
        raise NotFromSns("not an object")
    # MessageAttributes is an object and not signed, so it is of no use here.
    return {name: value for name, value in message.items() if isinstance(value, str)}
