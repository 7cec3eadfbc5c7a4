"""Users and their roles: who may change whom, and what is never possible."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin import users
from integration_admin.roles import Right, Role, has_right
from integration_admin.users import UserError
from tests.pages.factory import PASSWORD, make_user


@pytest.fixture
def ada(db: None) -> User:
    return make_user(Role.ADMINISTRATOR, "ada")


@pytest.fixture
def vera(db: None) -> User:
    return make_user(Role.VIEWER, "vera")


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_roles_are_given_and_taken_and_noted(ada: User, vera: User) -> None:
    users.set_roles(vera, [Role.OPERATOR], by=ada)

    assert has_right(fresh(vera), Right.RUN_SYNC)
    assert users.roles_of(fresh(vera)) == [Role.OPERATOR]
    entry = AuditEntry.objects.get(act=Act.CHANGED, object_name="vera")
    assert (entry.before, entry.after) == ({"roles": ["Viewer"]}, {"roles": ["Operator"]})
    assert entry.user_name == "ada"


def test_nobody_raises_their_own_rights(ada: User) -> None:  # C-3103
    with pytest.raises(UserError, match="own roles"):
        users.set_roles(ada, [Role.ADMINISTRATOR, Role.OPERATOR], by=ada)
    with pytest.raises(UserError, match="themselves"):
        users.disable(ada, by=ada)


def test_the_last_administrator_stays_one(ada: User, vera: User) -> None:  # C-3103
    other = make_user(Role.ADMINISTRATOR, "bob")
    users.disable(ada, by=other)

    with pytest.raises(UserError, match="E-LASTADMIN"):
        users.set_roles(other, [], by=ada)
    with pytest.raises(UserError, match="E-LASTADMIN"):
        users.disable(other, by=ada)

    assert fresh(other).is_active
    assert users.roles_of(fresh(other)) == [Role.ADMINISTRATOR]
    assert not AuditEntry.objects.filter(object_name="bob").exists()


def test_an_account_that_is_switched_off_is_out_at_once(ada: User, vera: User) -> None:
    client = Client()
    client.force_login(vera)
    assert client.get("/mappings/").status_code == 200

    users.disable(vera, by=ada)

    assert client.get("/mappings/").status_code == 302
    refused = client.post("/sign-in/", {"username": "vera", "password": PASSWORD})
    assert refused.status_code == 200
    users.enable(vera, by=ada)
    assert client.post("/sign-in/", {"username": "vera", "password": PASSWORD}).status_code == 302


def test_the_pages_show_users_and_change_them(ada: User, vera: User) -> None:
    client = Client()
    client.force_login(ada)

    listed = client.get("/users/").content.decode()
    saved = client.post(f"/users/{vera.pk}/roles/", {"roles": ["Support", "Emperor"]}, follow=True)
    asked = client.post(f"/users/{vera.pk}/disable/").content.decode()
    off = client.post(f"/users/{vera.pk}/disable/", {"confirmed": "yes"}, follow=True)
    own = client.post(f"/users/{ada.pk}/roles/", {"roles": ["Viewer"]}, follow=True)

    assert "vera" in listed
    assert "count from their next request" in saved.content.decode()
    assert users.roles_of(fresh(vera)) == [Role.SUPPORT]
    assert "Switch vera off?" in asked
    assert "vera is switched off" in off.content.decode()
    assert "Nobody changes their own roles" in own.content.decode()
    assert "ada, Administrator" in own.content.decode()
