"""The page of the connections: what it shows, what it hides, and Test Connection."""

from __future__ import annotations

from django.test import Client

from connections.models import BusinessCentralConnection, DataverseConnectionSetup
from connections.secrets import Secret
from integration_admin.roles import Role
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past


def test_a_secret_is_told_to_be_set_and_is_never_shown(past: Past, admin: Client) -> None:
    setup = DataverseConnectionSetup.objects.get()
    setup.client_secret = Secret.seal("a very secret text")
    setup.save()

    html = admin.get("/connections/").content.decode()

    assert "<dt>Client Secret</dt><dd>set</dd>" in html
    assert "a very secret text" not in html
    assert setup.client_secret.token not in html


def test_a_viewer_sees_no_user_names(past: Past, viewer: Client) -> None:
    html = viewer.get("/connections/").content.decode()

    assert "https://cronus.crm4.dynamics.com" in html
    assert "bc-integration@cronus.example" not in html
    assert "Client Id" not in html


def test_test_connection_says_of_each_side_what_is_wrong_and_what_to_do(
    past: Past, signed_in: SignedIn
) -> None:
    # Hosts that are not on the list of allowed ones are refused before anything is sent.
    for table in (BusinessCentralConnection, DataverseConnectionSetup):
        table.objects.update(authority="https://nowhere.example")
    support = signed_in(Role.SUPPORT)

    html = support.post("/connections/test/").content.decode()

    assert "2 of 4 checks failed" in html
    assert "Business Central: Address" in html
    assert "Dataverse: Address" in html
    assert "E-HOST" in html
