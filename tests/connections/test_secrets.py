"""Secrets at rest."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.db import connection
from pytest_django import Settings

from connections.errors import ConfigurationError
from connections.models import BusinessCentralConnection
from connections.secrets import Secret
from tests.connections.companies import new_company

pytestmark = pytest.mark.django_db
PLANTED = "p1anted-s3cret"


def _saved() -> BusinessCentralConnection:
    row = BusinessCentralConnection(company=new_company(), client_secret=PLANTED)
    row.save()
    return BusinessCentralConnection.objects.get(pk=row.pk)


def test_a_secret_comes_back_as_it_was_given() -> None:
    row = _saved()

    assert row.client_secret.reveal() == PLANTED


def test_a_secret_is_encrypted_in_the_database() -> None:
    _saved()

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM connections_businesscentralconnection")
        assert PLANTED not in str(cursor.fetchall())


def test_a_secret_shows_only_whether_it_is_set() -> None:
    row = _saved()

    assert row.client_secret
    assert not row.password
    assert f"{row.client_secret} {row.password!r}" == "Secret(set) Secret(not set)"
    assert PLANTED not in repr(vars(BusinessCentralConnection(client_secret=PLANTED)))


def test_an_export_of_rows_holds_no_secret() -> None:
    row = _saved()

    exported = serializers.serialize("json", [row])

    assert PLANTED not in exported
    assert row.client_secret.token not in exported


def test_saving_a_secret_without_a_key_is_refused(settings: Settings) -> None:
    settings.SECRETS_KEYS = []

    with pytest.raises(ConfigurationError, match="SECRETS_KEYS"):
        _saved()


def test_rows_without_secrets_need_no_key(settings: Settings) -> None:
    settings.SECRETS_KEYS = []

    BusinessCentralConnection.objects.create(company=new_company())

    assert not BusinessCentralConnection.objects.get().client_secret


def test_a_lost_key_is_said_when_the_secret_is_used_and_not_before(
    settings: Settings,
) -> None:
    row = _saved()
    settings.SECRETS_KEYS = ["another key"]

    shown = BusinessCentralConnection.objects.get(pk=row.pk)

    assert shown.client_secret
    with pytest.raises(ConfigurationError, match="SECRETS_KEYS"):
        shown.client_secret.reveal()


def test_an_empty_secret_stays_empty() -> None:
    assert not Secret.seal("")
    assert Secret.seal("").reveal() == ""
