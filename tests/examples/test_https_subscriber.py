"""The HTTPS endpoint against messages signed with a certificate made here: SNS's are taken, no others."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from https_subscriber import Subscriber, server
from newest import Newest
from sns_message import NotFromSns, SnsMessages, fetch

from tests.examples.events import event

NOW = datetime(2026, 11, 22, 18, 46, 8, tzinfo=UTC)
REGION = "eu-central-1"
TOPIC = f"arn:aws:sns:{REGION}:111122223333:expunge-prod-results"
HOST = f"https://sns.{REGION}.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"
SUBSCRIBE = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    key: Any = KEY, name: str = "sns.amazonaws.com", begins: datetime = NOW - timedelta(days=1)
) -> bytes:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(begins).not_valid_after(begins + timedelta(days=30))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(message: dict[str, Any], key: rsa.RSAPrivateKey = KEY, algorithm: Any = None) -> dict[str, Any]:
    """The message with the signature that SNS would give it, written down independently of the sample."""
    names = sorted(
        {"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
    )
    content = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    made = key.sign(content.encode(), padding.PKCS1v15(), algorithm or hashes.SHA256())
    return {**message, "Signature": base64.b64encode(made).decode()}


def notification(**changed: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "e1f2a232-e8ce-5f0a-b5d3-fbeb00000000",
        "TopicArn": TOPIC,
        "Message": json.dumps(event()),
        "Timestamp": "2026-11-22T18:46:07.793Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        "MessageAttributes": {"status": {"Type": "String", "Value": "completed"}},
        **changed,
    }


def confirmation(**changed: Any) -> dict[str, Any]:
    words = {"Message": "You have chosen to subscribe", "Token": "abc", "SubscribeURL": SUBSCRIBE}
    return notification(Type="SubscriptionConfirmation", **{**words, **changed})


@dataclass
class Place:
    """An endpoint in memory, and what it asked SNS's host for."""

    subscriber: Subscriber
    asked: list[str]
    heard: list[str] = field(default_factory=list)

    def post(self, message: dict[str, Any] | bytes) -> int:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.subscriber(body)[0]


def make(file: Path, pem: bytes | Callable[[], bytes], now: datetime = NOW) -> Place:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return pem() if callable(pem) else pem

    heard: list[str] = []
    messages = SnsMessages(TOPIC, fetch, lambda: now)
    return Place(Subscriber(messages, Newest(file), lambda each: heard.append(each["id"])), asked, heard)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make(tmp_path / "state.db", certificate())


def test_a_notification_is_taken_once(place: Place) -> None:
    for _ in range(2):
        assert place.post(signed(notification())) == 200
    assert (
        place.post(signed(notification(Subject="with one", Message=json.dumps(event(2))))) == 200
    )  # an older one
    assert place.heard == [event()["id"]]
    assert place.asked == [CERTIFICATE]  # kept


def test_the_subscription_to_our_topic_is_confirmed(place: Place) -> None:
    assert place.post(signed(confirmation())) == 200
    assert place.asked == [CERTIFICATE, SUBSCRIBE]


@pytest.mark.parametrize(
    "message",
    [
        confirmation(TopicArn=TOPIC + "2"),
        confirmation(SubscribeURL="https://evil.example/?Action=ConfirmSubscription"),
        confirmation(SubscribeURL=SUBSCRIBE.replace("https", "http")),
        confirmation(SignatureVersion="1"),
    ],
)
def test_no_other_subscription_is(place: Place, message: dict[str, Any]) -> None:
    assert place.post(signed(message)) == 403
    assert [url for url in place.asked if url != CERTIFICATE] == []


def test_an_unsigned_confirmation_is_not_visited(place: Place) -> None:
    assert place.post({**signed(confirmation()), "Token": "other"}) == 403
    assert place.post({**confirmation(), "Signature": "FAKE"}) == 403
    assert SUBSCRIBE not in place.asked


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE.replace("sns.", "s3."),
        CERTIFICATE.replace("sns.eu", "evil.example/sns.eu"),
        CERTIFICATE.replace("https://", "https://x@"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace(REGION, "us-east-1"),
        f"{HOST}/bucket/mine.pem",
        f"{HOST}/x/../SimpleNotificationService-1.pem",
        CERTIFICATE + "?x",
        CERTIFICATE + "#x",
        f"https://sns.{REGION}.amazonaws.com\\@evil.example/SimpleNotificationService-1.pem",
        CERTIFICATE.replace(".pem", "\n.pem"),
        CERTIFICATE.replace("sns.", "\tsns."),
        "https://[",
        "",
    ],
)
def test_certificates_come_from_the_regions_sns_host_only(place: Place, url: str) -> None:
    assert place.post(signed(notification(SigningCertURL=url))) == 403
    assert place.asked == []


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Subject", "Type", "TopicArn"])
def test_every_signed_part_counts(place: Place, name: str) -> None:
    good = signed(notification(Subject="s"))
    assert place.post({**good, name: good[name][:-1] + "x"}) == 403
    assert place.post({key: value for key, value in good.items() if key != name}) == 403
    assert place.post(good) == 200


@pytest.mark.parametrize(
    "message",
    [
        signed(notification(), key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        signed(notification(), algorithm=hashes.SHA1()),
        signed(notification(SignatureVersion="1"), algorithm=hashes.SHA1()),
        notification(),
        notification(Signature=""),
        notification(Signature="!"),
        notification(Signature=5),
        signed(notification(Timestamp="2026-11-22T16:46:07.000Z")),
        signed(notification(Timestamp="2026-11-22T19:46:07.000Z")),
        signed(notification(Timestamp="yesterday")),
        signed(notification(Type="Other")),
        signed(notification(TopicArn=TOPIC.replace("prod", "dev"))),
    ],
)
def test_what_is_not_from_the_topic_is_refused(place: Place, message: dict[str, Any]) -> None:
    assert place.post(message) == 403
    assert place.heard == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_nonsense_is_refused(place: Place, body: bytes) -> None:
    assert place.post(body) == 403


@pytest.mark.parametrize(
    "pem",
    [
        certificate(name="sns.amazonaws.com.evil.example"),
        certificate(begins=NOW + timedelta(hours=1)),
        certificate(begins=NOW - timedelta(days=31)),
        certificate(key=ec.generate_private_key(ec.SECP256R1())),
        b"not a certificate",
        b"",
    ],
)
def test_certificates_that_are_no_good(tmp_path: Path, pem: bytes) -> None:
    place = make(tmp_path / "state.db", pem)
    assert place.post(signed(notification())) == 403
    assert place.heard == []


def test_what_may_be_better_later_is_503(tmp_path: Path) -> None:
    def down() -> bytes:
        raise TimeoutError

    assert make(tmp_path / "a.db", down).post(signed(notification())) == 503
    place = make(tmp_path / "b.db", certificate())
    heard: list[str] = []

    def act(each: dict[str, Any]) -> None:
        heard.append(each["id"])
        if len(heard) == 1:
            raise KeyError

    place.subscriber.act = act
    assert [place.post(signed(notification())) for _ in range(3)] == [503, 200, 200]
    assert len(heard) == 2


def test_a_signed_message_that_is_no_event(place: Place) -> None:
    assert place.post(signed(notification(Message="hello"))) == 400


def test_in_china() -> None:
    messages = SnsMessages("arn:aws-cn:sns:cn-north-1:111122223333:t")
    assert messages.host == "sns.cn-north-1.amazonaws.com.cn"
    with pytest.raises(NotFromSns):
        messages._own(CERTIFICATE)


@pytest.fixture
def port(place: Place) -> Iterator[int]:
    running = server(place.subscriber)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield running.server_port
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize(
    ("message", "length", "status"),
    [(signed(notification()), None, 200), (notification(), None, 403), ({}, "2000000", 413), ({}, "x", 413)],
)
def test_over_http(port: int, place: Place, message: dict[str, Any], length: str | None, status: int) -> None:
    body = json.dumps(message).encode()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("POST", "/expunge")
    connection.putheader("Content-Length", length or str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (status, b"")
    connection.close()
    assert place.heard == ([event()["id"]] if status == 200 else [])


def test_fetching_follows_nobody_elsewhere_and_fails_as_an_oserror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/away":
                self.send_response(302)
                self.send_header("Location", "/pem")
                self.end_headers()
            else:
                self.wfile.write(
                    b"nonsense" if self.path == "/bad" else b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 10
                )

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        place = f"http://127.0.0.1:{running.server_port}"
        assert fetch(f"{place}/pem") == b"x" * 10
        for path in ("/away", "/bad"):
            with pytest.raises(OSError, match=r"302|BadStatusLine"):
                fetch(place + path)
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
