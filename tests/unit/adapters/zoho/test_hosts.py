"""Only Zoho's own hosts, unless the stage allows others."""

import pytest

from chalicelib.adapters.zoho import hosts
from chalicelib.adapters.zoho.hosts import honoured

HOSTS = {
    "us": ("https://accounts.zoho.com", "https://www.zohoapis.com"),
    "eu": ("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    "in": ("https://accounts.zoho.in", "https://www.zohoapis.in"),
    "au": ("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
    "jp": ("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
    "cn": ("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
    "ca": ("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    "sa": ("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
}


@pytest.mark.parametrize("center", sorted(HOSTS))
def test_every_data_center_has_its_hosts(center: str) -> None:
    accounts, api = HOSTS[center]
    assert hosts.accounts_url(center) == accounts
    assert hosts.api_url(center, "production") == api
    assert hosts.api_url(center, "sandbox") == api.replace("www.", "sandbox.")
    assert hosts.api_url(center, "developer") == api.replace("www.", "developer.")


@pytest.mark.parametrize("center", ["uk", "ae"])
def test_a_host_that_is_not_confirmed_is_not_guessed(center: str) -> None:
    with pytest.raises(ValueError, match="not confirmed"):
        hosts.api_url(center, "production")
    with pytest.raises(ValueError, match="not confirmed"):
        hosts.accounts_url(center)


def test_an_unknown_data_center() -> None:
    with pytest.raises(ValueError, match="must be one of"):
        hosts.accounts_url("mars")


US = "https://www.zohoapis.com"


@pytest.mark.parametrize("api_domain", [
    "https://www.zohoapis.eu", "https://www.zohoapis.eu/", "https://zohoapis.eu", "https://WWW.ZOHOAPIS.EU",
    "https://www.zohoapis.eu:443", "https://sandbox.zohoapis.eu",
])  # fmt: skip
def test_the_data_center_of_the_token_answer_is_honoured(api_domain: str) -> None:
    assert honoured(api_domain, US, "production") == "https://www.zohoapis.eu"


def test_the_environment_is_the_secrets_own() -> None:
    sandbox = "https://sandbox.zohoapis.com"
    assert honoured("https://www.zohoapis.com", sandbox, "sandbox") == sandbox
    assert honoured("https://www.zohoapis.eu", sandbox, "sandbox") == "https://sandbox.zohoapis.eu"


@pytest.mark.parametrize("api_domain", [
    None, 7, "", "x", "http://www.zohoapis.eu", "https://evil.example", "https://www.zohoapis.eu.evil.example",
    "https://www.zohoapis.eu@evil.example", "https://evil.example/www.zohoapis.eu", "https://evilzohoapis.eu",
    "https://www.zohoapis.eu:8443", "https://user@www.zohoapis.eu", "https://www.zohoapis.eu/path",
    "https://www.zohoapis.eu?x", "https://www.zohoapis.eu#x", "https://[::1", "https://www.zohoapis.eu:x",
    "https://a.www.zohoapis.eu", "http://127.0.0.1:9000",
])  # fmt: skip
def test_any_other_address_is_not_honoured(api_domain: object) -> None:
    assert honoured(api_domain, US, "production") == US


def test_an_address_given_by_hand_is_kept() -> None:
    local = "http://127.0.0.1:9000"
    assert honoured("https://www.zohoapis.com", local, "production") == local
    assert honoured(local, local, "production") == local


@pytest.mark.parametrize(("url", "clean"), [
    ("http://127.0.0.1:9000", "http://127.0.0.1:9000"), ("http://localhost:9000/", "http://localhost:9000"),
    ("http://[::1]:9000", "http://[::1]:9000"), ("https://proxy.example", "https://proxy.example"),
    ("http://127.8.9.1", "http://127.8.9.1"),
])  # fmt: skip
def test_custom_hosts(url: str, clean: str) -> None:
    assert hosts.custom(url) == clean


@pytest.mark.parametrize("url", [
    "http://example.com", "http://10.0.0.1", "http://169.254.169.254", "ftp://127.0.0.1", "127.0.0.1:9000",
    "",
    "https://", "https://a/b", "https://a?b", "https://a#b", "https://me@a",
    "https://a:x", "http://127.0.0.1.evil.example",
    "http://[::1", "https://me:pw@127.0.0.1",
])  # fmt: skip
def test_custom_hosts_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must|is not"):
        hosts.custom(url)


@pytest.mark.parametrize("host", [each for pair in HOSTS.values() for each in pair])
def test_zohos_own_hosts_are_known_however_they_are_written(host: str) -> None:
    name = host.removeprefix("https://")
    for url in (
        host,
        f"http://{name}",
        f"https://{name.upper()}.",
        f"https://{name}:8443/oauth?x=1",
        f"//{name}",
    ):
        assert hosts.is_zohos(url), url
    domain = name.partition(".")[2]
    assert hosts.is_zohos(f"https://{domain}")
    assert hosts.is_zohos(f"https://sandbox.{domain}")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000",
        "https://accounts.zoho.example",
        "https://notzoho.com",
        "https://zoho.com.example",
    ],
)
def test_a_simulators_host_is_not_zohos(url: str) -> None:
    assert not hosts.is_zohos(url)
