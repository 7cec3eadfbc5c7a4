"""The page Encryption Management, and saving a secret where there is no key."""

from __future__ import annotations

from django.test import Client
from pytest_django import Settings

from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.secrets import key_id
from tests.pages.factory import Past
from tests.pages.test_setups import DATAVERSE, PLANTED, disabled, form_of

PAGE = "/encryption/"
OLD, NEW = "the old key of these tests", "the new key of these tests"


def test_the_page_shows_keys_by_fingerprint_and_rotates_after_asking(
    past: Past, admin: Client, settings: Settings
) -> None:  # C-3601
    settings.SECRETS_KEYS = [OLD]
    disabled(past)
    settings.SECRETS_KEYS = [NEW, OLD]

    html = admin.get(PAGE).content.decode()
    asked = admin.post(f"{PAGE}rotate/").content.decode()
    assert DataverseConnectionSetup.objects.get().client_secret.key_id() == key_id(OLD)
    done = admin.post(f"{PAGE}rotate/", {"confirmed": "yes"}, follow=True).content.decode()

    assert key_id(OLD) in html
    assert key_id(NEW) in html
    assert OLD not in html
    assert NEW not in html
    assert "Secrets under older keys: 1" in asked
    assert f"1 secret was put under key {key_id(NEW)}" in done
    assert DataverseConnectionSetup.objects.get().client_secret.reveal() == PLANTED


def test_a_key_that_is_gone_is_said_on_the_page_with_what_it_sealed(
    past: Past, admin: Client, settings: Settings
) -> None:
    disabled(past)
    settings.SECRETS_KEYS = [NEW]

    html = admin.get(PAGE).content.decode()
    health = admin.post("/connections/health/check/", follow=True).content.decode()

    assert "A key is missing" in html
    assert f"Client Secret, Dataverse Connection Setup of {past.company}" in html
    assert "E-ENCRYPTION" in health


def test_without_a_key_the_page_says_off_and_no_secret_is_saved(
    past: Past, admin: Client, settings: Settings
) -> None:
    row = disabled(past)
    token = row.client_secret.token
    settings.SECRETS_KEYS = []

    html = admin.get(PAGE).content.decode()
    refused = admin.post(
        f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "client_secret": "another"}
    )

    assert "Encryption is off" in html
    assert refused.status_code == 422
    at_field = refused.content.decode().partition('id="id_client_secret-e"')[2][:600]
    assert "E-ENCRYPTION" in at_field
    assert "another" not in refused.content.decode()
    row.refresh_from_db()
    assert row.client_secret.token == token
    assert admin.post(f"{PAGE}rotate/", follow=True).status_code == 200


def test_a_page_that_needs_a_lost_key_says_so_and_does_not_fail(
    past: Past, admin: Client, settings: Settings
) -> None:
    row = SalesConnectionSetup.objects.get()
    row.odata_access_key = PLANTED
    row.save()
    settings.SECRETS_KEYS = [NEW]

    answer = admin.post("/connections/sales/item-availability/publish/", {"odata_user_name": "BOB"})

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "E-ENCRYPTION" in html
    assert "SECRETS_KEYS" in html
