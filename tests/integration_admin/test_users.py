"""Users and their roles: who may change whom, and what is never possible."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin import effective, signed_in, users
from integration_admin.roles import Right, Role, has_right
from integration_admin.users import UserError
from tests.pages.factory import PASSWORD, make_company, make_user


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


# What they may do in the end (C-3104)


def test_who_can_do_something_is_told_with_everything_that_gives_it(ada: User, vera: User) -> None:
    otto = make_user(Role.OPERATOR, "otto")
    make_user(Role.OPERATOR, "gone")
    User.objects.filter(username="gone").update(is_active=False)
    vera.user_permissions.add(Permission.objects.get(codename=Right.RUN_SYNC.codename))
    root = User.objects.create_superuser("root")

    found = {str(person): through for person, through in effective.holders(Right.RUN_SYNC)}

    assert found == {
        "ada": ("Administrator",),
        "otto": ("Operator",),
        "root": ("superuser",),
        "vera": ("given singly",),
    }
    held = effective.rights_of([ada, otto, root])
    assert all(
        has_right(person, one.right) for person in (ada, otto, root) for one in held[person.pk]
    )
    assert [len(held[person.pk]) for person in (ada, root)] == [len(Right)] * 2


def test_the_pages_tell_what_a_user_may_and_who_may_something(ada: User, vera: User) -> None:
    client = Client()
    client.force_login(ada)

    card = client.get(f"/users/{vera.pk}/").content.decode()
    who = client.get("/users/rights/?right=manage_users").content.decode()
    nothing = client.get("/users/rights/?right=fly")

    assert "See couplings and held-back records" in card
    assert "Synchronize modified records" not in card
    assert "See and change users and their roles: 1 user<" in who
    assert nothing.status_code == 200
    assert "1 user<" not in nothing.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("role=Viewer", {"vera"}),
        ("role=Administrator", {"ada", "root"}),
        ("role=Support", set()),
        ("view=never&role=Viewer", {"vera"}),
    ],
)
def test_users_are_listed_by_role(ada: User, vera: User, query: str, names: set[str]) -> None:
    client = Client()
    client.force_login(ada)
    make_company()  # there is no filter pane before one is connected
    root = User.objects.create_superuser("root")
    root.groups.set(ada.groups.all())

    rows = client.get(f"/users/?{query}").context["page_obj"].object_list

    assert [str(row) for row in rows] == sorted(names)  # C-3101: each once


# Signed out


def test_forcing_a_sign_out_ends_all_sessions_of_one_user_and_no_other(
    ada: User, vera: User
) -> None:  # C-3103
    admin, desk, phone = Client(), Client(), Client()
    for client, user in ((admin, ada), (desk, vera), (phone, vera)):
        client.force_login(user)

    asked = admin.post(f"/users/{vera.pk}/sign-out/").content.decode()
    done = admin.post(f"/users/{vera.pk}/sign-out/", {"confirmed": "yes"}, follow=True)
    own = admin.post(f"/users/{ada.pk}/sign-out/", {"confirmed": "yes"}, follow=True)

    assert "Sign vera out everywhere?" in asked
    assert "No other administrator" not in asked
    assert "vera is signed out." in done.content.decode()
    assert "E-FORBIDDEN" in own.content.decode()
    assert [client.get("/mappings/").status_code for client in (admin, desk, phone)] == [
        200,
        302,
        302,
    ]
    entry = AuditEntry.objects.get(act=Act.SIGNED_OUT, object_name="vera")
    assert (entry.before, entry.after, entry.user_name) == ({"sessions": 2}, {"sessions": 0}, "ada")
    phone.force_login(vera)
    assert signed_in.count([vera.pk]) == {vera.pk: 1}


def test_the_last_administrator_who_is_signed_in_is_signed_out_knowingly(
    ada: User, vera: User
) -> None:  # C-3103
    vera.user_permissions.add(Permission.objects.get(codename=Right.MANAGE_USERS.codename))
    warden, other = Client(), Client()
    warden.force_login(vera)
    other.force_login(ada)

    asked = warden.post(f"/users/{ada.pk}/sign-out/").content.decode()

    assert "No other administrator is signed in." in asked
