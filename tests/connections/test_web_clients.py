"""Web clients in which people open records: which answer, which do not, which are not asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from connections.models import BusinessCentralConnection, Company
from connections.web_clients import check_web_clients
from tests.connections.server import html, running
from tests.pages.factory import make_company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    """A company of which only Business Central has a web client."""
    company = make_company()
    company.dataverse_connection_setup.delete()
    return company


def opens(company: Company, url: str) -> tuple[str, str, str]:
    """Return what is found of an address: state, code and sentence."""
    BusinessCentralConnection.objects.update(web_client_url=url)
    [found] = check_web_clients(company)
    return str(found.state), found.code, found.sentence


def test_a_web_client_answers_unless_it_is_gone_fails_or_is_off(
    company: Company, settings: Settings, tmp_path: Path
) -> None:  # C-3301
    settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
    with running(tmp_path) as server:
        settings.SYSTEM_CA_BUNDLE = str(server.ca_bundle)
        url = f"{server.origin}/cronus"
        server.says(html(), html(status=302), html(status=401), html(status=404), html(status=503))
        answers = [opens(company, url) for _ in range(5)]
    off = opens(company, url)

    assert [state for state, *_ in answers] == ["healthy"] * 3 + ["wrong"] * 2
    assert answers[3][1:] == ("E-WEB-CLIENT", f"{url} answers with HTTP 404.")
    assert off[:2] == ("wrong", "E-WEB-CLIENT")


def test_an_address_that_the_console_may_not_call_is_not_called(company: Company) -> None:
    state, code, sentence = opens(company, "https://elsewhere.example/cronus?page=1")
    BusinessCentralConnection.objects.update(web_client_url="http://localhost:9446/ui/bc")
    plain = check_web_clients(company)

    assert (state, code) == ("attention", "E-HOST")
    assert "not on the list of hosts" in sentence
    assert plain == []
