"""Encryption Management: keys by their fingerprints, rotation, and a key that is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.models import AuditEntry
from audit.terms import Act
from connections import encryption
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.health import State
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
)
from connections.secrets import key_id
from integration_admin import secrets_keys
from syncjobs import checkup
from tests.connections.companies import new_company

pytestmark = pytest.mark.django_db
PLANTED, OLD, NEW = "p1anted-s3cret", "the old key", "the new key"


@pytest.fixture
def company(settings: Settings) -> Company:
    """A company with two secrets under the old key."""
    settings.SECRETS_KEYS = [OLD]
    company = new_company()
    BusinessCentralConnection.objects.create(company=company, client_secret=PLANTED)
    DeploymentIdentity.objects.create(company=company, password=PLANTED)
    DataverseConnectionSetup.objects.create(company=company)
    return company


def test_keys_are_called_by_a_fingerprint_and_never_shown(company: Company) -> None:
    found = encryption.survey()

    assert [(key.id, key.secrets, key.is_newest) for key in found.keys] == [(key_id(OLD), 2, True)]
    assert OLD not in repr(found)
    assert len(key_id(OLD)) == 12


def test_rotation_puts_every_secret_under_the_newest_key(
    company: Company, settings: Settings
) -> None:
    settings.SECRETS_KEYS = [NEW, OLD]
    assert encryption.survey().under_older_keys == 2

    done = encryption.rotate()

    settings.SECRETS_KEYS = [NEW]
    assert (done.key_id, done.rewritten, done.unreadable) == (key_id(NEW), 2, ())
    assert BusinessCentralConnection.objects.get().client_secret.reveal() == PLANTED
    assert DeploymentIdentity.objects.get().password.reveal() == PLANTED
    entry = AuditEntry.objects.get(act=Act.ROTATED)
    assert entry.after["under the newest key now"] == 2
    assert PLANTED not in str(entry.after)


def test_a_second_rotation_rewrites_nothing(company: Company, settings: Settings) -> None:
    settings.SECRETS_KEYS = [NEW, OLD]
    encryption.rotate()
    token = BusinessCentralConnection.objects.get().client_secret.token

    assert encryption.rotate().rewritten == 0
    assert BusinessCentralConnection.objects.get().client_secret.token == token


def test_secrets_whose_key_is_gone_are_named_and_left(company: Company, settings: Settings) -> None:
    token = BusinessCentralConnection.objects.get().client_secret.token
    settings.SECRETS_KEYS = [NEW]

    done = encryption.rotate()

    assert done.unreadable == (
        f"Client Secret, Business Central connection of {company}",
        f"Password, Deployment Identity of {company}",
    )
    assert BusinessCentralConnection.objects.get().client_secret.token == token


def test_health_names_the_secrets_that_no_key_opens(company: Company, settings: Settings) -> None:
    settings.SECRETS_KEYS = [NEW]

    [found] = [one for one in checkup.look(company) if one.name == "Encryption"]

    assert (found.state, found.code) == (State.WRONG, Cause.ENCRYPTION)
    assert f"Password, Deployment Identity of {company}" in found.names
    assert "SECRETS_KEYS" in found.cure


def test_health_says_that_encryption_is_off(company: Company, settings: Settings) -> None:
    settings.SECRETS_KEYS = []

    [found] = [one for one in checkup.look(company) if one.name == "Encryption"]

    assert (found.state, found.code) == (State.WRONG, Cause.ENCRYPTION)


# Commands


def test_the_command_rotates_and_fails_where_something_cannot_be_read(
    company: Company, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SECRETS_KEYS = [NEW, OLD]
    call_command("rotate_secrets")
    assert "2 secrets were put under key" in capsys.readouterr().out

    settings.SECRETS_KEYS = [OLD]
    with pytest.raises(SystemExit) as ended:
        call_command("rotate_secrets")

    assert ended.value.code == 1
    assert "Client Secret, Business Central connection" in capsys.readouterr().err


def test_without_a_key_the_command_says_what_to_do(company: Company, settings: Settings) -> None:
    settings.SECRETS_KEYS = []

    with pytest.raises(CommandError, match="new_secrets_key") as refusal:
        call_command("rotate_secrets")
    with pytest.raises(ConfigurationError) as error:
        encryption.rotate()

    assert refusal.value.returncode == 2
    assert error.value.cause == Cause.ENCRYPTION


def test_a_new_key_is_printed_alone_and_its_place_beside_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("new_secrets_key")

    printed = capsys.readouterr()
    key = printed.out.strip()
    assert len(key) >= 43
    assert key_id(key) in printed.err
    assert "SECRETS_KEYS" in printed.err
    assert key not in printed.err


def test_a_new_key_is_kept_before_the_old_one(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = settings.SECRETS_KEYS_FILE = tmp_path / "secrets_key"
    first = secrets_keys.keep_new(path)
    settings.SECRETS_KEYS = [first]

    call_command("new_secrets_key", "--keep")

    newest, older = path.read_text().splitlines()
    assert older == first
    assert path.stat().st_mode & 0o077 == 0
    assert newest not in capsys.readouterr().out


def test_keys_of_the_environment_are_not_kept_in_a_file(settings: Settings, tmp_path: Path) -> None:
    settings.SECRETS_KEYS, settings.SECRETS_KEYS_FILE = [OLD], tmp_path / "secrets_key"

    with pytest.raises(CommandError, match="--keep"):
        call_command("new_secrets_key", "--keep")

    assert not settings.SECRETS_KEYS_FILE.exists()
