"""Where requests leave to: Zoho's hosts of the org's data centre, over verified TLS, and nowhere else."""

from __future__ import annotations

import io
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from chalicelib.adapters.zoho.hosts import DATA_CENTERS, ENVIRONMENTS
from chalicelib.adapters.zoho.http import Connections, new_session
from chalicelib.adapters.zoho.orgs import Stage, ZohoOrgs
from chalicelib.adapters.zoho.request import Ask
from chalicelib.adapters.zoho.token import Tools
from chalicelib.domain.errors import SecretUnusable
from chalicelib.service.zoho_port import Org
from tests.contract.zoho.kit import PREFIX, Bench, SmallServer, credentials


class Elsewhere(HTTPAdapter):
    """Takes the place of the network: notes where a request would have gone, and answers."""

    def __init__(self, api_domain: str) -> None:
        super().__init__()
        self.api_domain = api_domain
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        self.asked.append(str(request.url))
        told = {"access_token": "1000.t", "expires_in": 3600, "api_domain": self.api_domain}
        body = told if str(request.url).endswith("/oauth/v2/token") else {"count": 1}
        raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), status=200, preload_content=False)
        return self.build_response(request, raw)


class Watched(ZohoOrgs):
    """Orgs whose connections all lead to one adapter."""

    def __init__(self, bench: Bench, adapter: Elsewhere) -> None:
        tools = Tools(bench.clock, lambda _: None, lambda: 0.5, "worker", 600.0)
        super().__init__(bench.secrets, Stage(PREFIX, 300.0), bench.leases, tools)
        self._adapter = adapter

    def _connections(self, org: Org) -> Connections:
        session = new_session(org.concurrency)
        for prefix in ("https://", "http://"):
            session.mount(prefix, self._adapter)
        return Connections(session, self._tools.clock)


def visited(bench: Bench, api_domain: str, **secret: str) -> set[tuple[str, str]]:
    """(scheme, host) of every request that calls of all kinds caused."""
    bench.secrets.put(
        f"{PREFIX}default",
        {"client_id": "1000.X", "client_secret": "s", "refresh_token": "1000.Y", **secret},
    )
    adapter = Elsewhere(api_domain)
    zoho = Watched(bench, adapter)("default", bench.clock() + 20)
    zoho.count("Leads")
    zoho.delete_records("Leads", ["1"], wf_trigger=False)
    zoho.mass_delete_view("Leads", "1", None)
    zoho.delete_external("Leads", "External", "//evil.example/@x", wf_trigger=False)
    assert len(adapter.asked) == 5  # and the token
    return {(urlsplit(url).scheme, urlsplit(url).netloc) for url in adapter.asked}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("center", DATA_CENTERS)
def test_only_the_hosts_of_the_data_center(bench: Bench, center: str, environment: str) -> None:
    place = DATA_CENTERS[center]
    found = visited(bench, f"https://www.{place.domain}", data_center=center, environment=environment)
    assert found == {("https", place.accounts), ("https", f"{ENVIRONMENTS[environment]}.{place.domain}")}


@pytest.mark.parametrize(
    "named",
    [
        *("https://evil.example", "http://www.zohoapis.com", "https://www.zohoapis.com.evil.example"),
        *(
            "https://www.zohoapis.com@evil.example",
            "https://evil.example/www.zohoapis.com",
            "//evil.example",
            "",
        ),
        *("https://www.zohoapis.com:8443", "https://wwwxzohoapis.com", "file:///etc/passwd"),
    ],
)
def test_a_token_answer_leads_nobody_astray(bench: Bench, named: str) -> None:
    assert visited(bench, named) == {("https", "accounts.zoho.com"), ("https", "www.zohoapis.com")}


def test_hosts_of_ones_own_are_for_stages_that_allow_them(bench: Bench, server: SmallServer) -> None:
    for host in (server.url, "https://crm.example", "https://www.zohoapis.com"):
        for name in ("accounts_url", "api_url"):
            both = credentials(server.url)
            secret = {**{n: v for n, v in both.items() if not n.endswith("_url")}, name: host}
            bench.secrets.put(f"{PREFIX}default", secret)
            with pytest.raises(SecretUnusable, match=f"{name} is not allowed on this stage"):
                Watched(bench, Elsewhere(""))("default", bench.clock() + 20)
    assert server.seen == []


@contextmanager
def self_signed(directory: Path) -> Iterator[tuple[str, list[str]]]:
    """A server whose certificate nobody vouches for: its address, and what it was asked."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "key.pem").write_bytes(key.private_bytes(*plain))
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    class Server(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever does not trust it hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_certificate_that_nobody_vouches_for_ends_the_call(bench: Bench, tmp_path: Path) -> None:
    with self_signed(tmp_path) as (url, asked):
        connections = Connections(new_session(1), bench.clock)
        reply = connections.send(url, Ask("GET", "/crm/v7/Leads", {}, None), bench.clock() + 10)
    assert (reply.status, reply.sent) == (None, False)
    assert asked == []
