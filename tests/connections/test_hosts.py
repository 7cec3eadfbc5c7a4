"""Which addresses the console may call."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from connections import hosts
from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError

PUBLIC = "20.50.2.1"


def _check(url: str, *allowed: str, at: Iterable[str] = (PUBLIC,)) -> str:
    return hosts.check(url, allowed=allowed, resolve=lambda _host, _port: at)


def test_an_admitted_address_is_returned_in_its_plain_form() -> None:
    plain = _check(" https://Org.CRM.dynamics.com:443/ ", "*.dynamics.com")

    assert plain == "https://org.crm.dynamics.com"


def test_the_path_of_an_address_stays() -> None:
    plain = _check("https://bc.example/v2.0/Tenant/Production", "bc.example")

    assert plain == "https://bc.example/v2.0/Tenant/Production"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://evil.example/org.crm.dynamics.com",
        "https://evildynamics.com",
        "https://dynamics.com",
        "https://org.crm.dynamics.com.evil.example",
        "https://org.crm.dynamics.com:8443",
        "https://127.0.0.1",
        "https://2130706433",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_an_address_outside_the_list_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        _check(url, "*.dynamics.com")

    assert refusal.value.cause == Cause.HOST_NOT_ALLOWED
    assert refusal.value.message.endswith(".")


ORG = "https://org.crm.dynamics.com"


@pytest.mark.parametrize(
    ("url", "cause", "meant"),
    [
        ("http://org.crm.dynamics.com/", Cause.NOT_SECURE, ORG),
        ("http://evil.example", Cause.NOT_SECURE, ""),
        ("org.crm.dynamics.com", Cause.NO_ADDRESS, ORG),
        ("https://org.crm.dynamics.com/main.aspx?x=1", Cause.NO_ADDRESS, f"{ORG}/main.aspx"),
        ("https://org.crm.dynamics.com#x", Cause.NO_ADDRESS, ORG),
        ("https://org.crm.dynamics.com:99999", Cause.NO_ADDRESS, ""),
        ("ftp://org.crm.dynamics.com", Cause.NO_ADDRESS, ""),
        ("banana", Cause.NO_ADDRESS, ""),
        ("", Cause.NO_ADDRESS, ""),
        ("https://", Cause.NO_ADDRESS, ""),
        ("https://user@org.crm.dynamics.com", Cause.NO_ADDRESS, ""),
        ("https://user:word@org.crm.dynamics.com", Cause.NO_ADDRESS, ""),
        ("https://org.crm.dynamics.com@evil.example", Cause.NO_ADDRESS, ""),
        ("https://evil.example\\.crm.dynamics.com", Cause.NO_ADDRESS, ""),
        ("https://evil.example%2f.crm.dynamics.com", Cause.NO_ADDRESS, ""),
    ],
)
def test_what_is_no_secure_address_is_refused_and_the_one_that_is_meant_is_told(
    url: str, cause: Cause, meant: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        _check(url, "*.dynamics.com")

    assert refusal.value.cause == cause
    assert hosts.suggested(url) == meant


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.9",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "169.254.169.254",
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:10.1.2.3",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        _check("https://org.crm.dynamics.com", "*.dynamics.com", at=[PUBLIC, address])


def test_a_private_entry_admits_servers_of_ones_own_on_any_port() -> None:
    assert _check("https://bc.corp:7048/BC", "bc.corp=private", at=["10.1.2.3"])
    assert _check("https://localhost:9445", "localhost=private", at=["127.0.0.1", "::1"])


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254"])
def test_even_a_private_entry_admits_no_metadata_service(address: str) -> None:
    with pytest.raises(ConfigurationError):
        _check("https://bc.corp", "bc.corp=private", at=[address])


@pytest.mark.parametrize(
    ("entry", "port", "is_admitted"),
    [
        ("bc.corp", 443, True),
        ("bc.corp", 7048, False),
        ("bc.corp:7048", 7048, True),
        ("bc.corp:7048", 443, False),
        ("bc.corp:*", 7048, True),
        ("bc.corp:7048=private", 22, False),
        ("*.corp:7048", 7048, True),
    ],
)
def test_an_entry_may_name_a_port(entry: str, port: int, is_admitted: bool) -> None:
    url = f"https://bc.corp:{port}"

    if is_admitted:
        assert _check(url, entry)
    else:
        with pytest.raises(ConfigurationError):
            _check(url, entry)


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    with pytest.raises(TransientError) as refusal:
        hosts.check("https://nowhere.invalid", allowed=["nowhere.invalid"])

    assert refusal.value.cause == Cause.UNREACHABLE
    assert "nowhere.invalid" in refusal.value.message
