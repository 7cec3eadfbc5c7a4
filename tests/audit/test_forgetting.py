"""Personal data of removed users: gone from the audit log, whose chain stays whole."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import connection
from django.test import Client

from audit import chain, trail
from audit.models import AuditEntry
from audit.terms import Act
from integration_admin import users
from integration_admin.roles import Role
from integration_admin.users import UserError
from tests.pages.factory import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def gone(by: User) -> User:
    """Make somebody who did things, was changed, could not sign in, and is switched off."""
    anna = make_user(Role.OPERATOR, "anna.berg")
    anna.email, anna.first_name, anna.last_name = "anna@cronus.example", "Anna", "Berg"
    anna.save()
    trail.note(Act.RETRIED, kind="coupling", name="10000", by=anna)
    trail.note(Act.CHANGED, anna, before={"email": ""}, after={"email": anna.email}, by=by)
    trail.note(Act.SIGN_IN_REFUSED, anna)
    users.disable(anna, by=by)
    return anna


def test_nothing_names_a_removed_user_and_the_chain_is_the_same() -> None:  # C-3203
    mira = make_user(Role.ADMINISTRATOR, "mira")
    anna = gone(mira)
    before = chain.check()

    users.forget(anna, by=mira)

    after = chain.check(before.head)
    log = serializers.serialize("json", [*AuditEntry.objects.all(), *User.objects.all()])
    acts = AuditEntry.objects.filter(user_name=f"removed-{anna.pk}")
    assert [word for word in ("anna", "berg", "cronus.example") if word in log.casefold()] == []
    assert (after.broken, after.entries) == ("", before.entries + 1)
    assert [entry.act for entry in acts] == [Act.RETRIED]
    assert "mira" in log


def test_what_is_changed_afterwards_still_shows() -> None:
    mira = make_user(Role.ADMINISTRATOR, "mira")
    anna = gone(mira)
    users.forget(anna, by=mira)
    entry = AuditEntry.objects.get(act=Act.RETRIED)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditentry SET object_name = '2' WHERE id = %s", [entry.pk])

    assert chain.check().broken.startswith(f"Entry {entry.pk} ")


def test_whoever_can_still_sign_in_is_not_forgotten() -> None:
    mira, anna = make_user(Role.ADMINISTRATOR, "mira"), make_user(Role.VIEWER, "anna")

    with pytest.raises(UserError, match="Switch the account off first"):
        users.forget(anna, by=mira)


def test_an_administrator_does_it_on_the_card_after_being_asked() -> None:
    mira = make_user(Role.ADMINISTRATOR, "mira")
    anna = gone(mira)
    client = Client()
    client.force_login(mira)
    card = f"/users/{anna.pk}/"

    offered = client.get(card).content.decode()
    asked = client.post(f"{card}forget/").content.decode()
    done = client.post(f"{card}forget/", {"confirmed": "yes"}, follow=True).content.decode()

    assert "Remove Personal Data" in offered
    assert "Remove the personal data of anna.berg?" in asked
    assert f"removed-{anna.pk}" in done
    assert "Remove Personal Data" not in done
