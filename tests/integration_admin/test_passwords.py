"""New users, password links that work once, and changing one's own password."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.test import Client

from audit.models import AuditEntry
from integration_admin import users
from integration_admin.roles import Role
from tests.pages.factory import PASSWORD, make_user

NEW = "another horse, another staple"
LINK = re.compile(r"http://testserver(/set-password/[^<]+)")


@pytest.fixture
def ada(db: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR, "ada"))
    return client


@pytest.fixture
def vera(db: None) -> User:
    return make_user(Role.VIEWER, "vera")


def link_in(html: str) -> str:
    found = LINK.search(html)
    assert found, html
    return found[1]


def set_password(link: str, password: str = NEW) -> tuple[int, str]:
    """Open a link as somebody who is not signed in, and set a password."""
    client = Client()
    opened = client.get(link, follow=True)
    where = opened.redirect_chain[-1][0] if opened.redirect_chain else link
    given = {"new_password1": password, "new_password2": password}
    answer = client.post(where, given, follow=True)
    return answer.status_code, answer.content.decode()


def signs_in(name: str, password: str) -> bool:
    given = {"username": name, "password": password}
    return Client().post("/sign-in/", given).status_code == 302


def test_a_new_user_sets_the_password_with_a_link_that_is_shown_once(ada: Client) -> None:
    given = {"username": "nora", "email": "nora@cronus.example", "roles": ["Operator"]}

    html = ada.post("/users/create/", given).content.decode()
    link = link_in(html)
    nora = User.objects.get(username="nora")
    assert not nora.has_usable_password()
    status, told = set_password(link)

    assert status == 200
    assert "Your password is set" in told
    assert signs_in("nora", NEW)
    assert users.roles_of(nora) == [Role.OPERATOR]
    assert "does not work any more" in Client().get(link, follow=True).content.decode()
    created = AuditEntry.objects.get(act="Created", object_name="nora")
    assert created.after["roles"] == ["Operator"]
    noted = str(list(AuditEntry.objects.values_list("before", "after", "reason")))
    assert link.split("/")[-2] not in noted
    assert NEW not in noted


def test_of_two_users_of_one_name_made_at_once_the_second_is_told(ada: Client) -> None:
    def somebody_else_is_faster(**_: object) -> None:
        User.objects.bulk_create([User(username="nora")])

    pre_save.connect(somebody_else_is_faster, sender=User)
    try:
        answer = ada.post("/users/create/", {"username": "nora"})
    finally:
        pre_save.disconnect(somebody_else_is_faster, sender=User)

    assert answer.status_code == 422
    assert "A user with that username already exists." in answer.content.decode()
    assert "E-DUP" in answer.content.decode()


def test_what_is_wrong_with_a_new_user_stands_at_its_field(ada: Client, vera: User) -> None:
    taken = ada.post("/users/create/", {"username": "vera", "email": "no address"})

    html = taken.content.decode()
    assert taken.status_code == 422
    assert "E-DUP" in html.partition('id="id_username-e"')[2][:300]
    assert "E-TYPE" in html.partition('id="id_email-e"')[2][:300]
    assert 'value="no address"' in html


def test_a_password_is_withdrawn_at_once_and_another_one_set(ada: Client, vera: User) -> None:
    sitting = Client()
    sitting.force_login(vera)

    asked = ada.post(f"/users/{vera.pk}/password-link/").content.decode()
    assert signs_in("vera", PASSWORD)
    html = ada.post(f"/users/{vera.pk}/password-link/", {"confirmed": "yes"}).content.decode()

    assert "New password for vera?" in asked
    assert not signs_in("vera", PASSWORD)
    assert sitting.get("/mappings/").status_code == 302
    set_password(link_in(html))
    assert signs_in("vera", NEW)
    changed = AuditEntry.objects.filter(object_name="vera", act="Changed").last()
    assert changed
    assert (changed.before, changed.after) == ({"password": "set"}, {"password": "replaced"})


def test_a_new_password_opens_a_door_that_was_shut(ada: Client, vera: User) -> None:
    for _ in range(5):
        signs_in("vera", "wrong")
    assert not signs_in("vera", PASSWORD)

    html = ada.post(f"/users/{vera.pk}/password-link/", {"confirmed": "yes"}).content.decode()
    set_password(link_in(html))

    assert signs_in("vera", NEW)


def test_nobody_withdraws_their_own_password(ada: Client) -> None:
    me = User.objects.get(username="ada")

    told = ada.post(f"/users/{me.pk}/password-link/", {"confirmed": "yes"}, follow=True)

    assert "Change your own password" in told.content.decode()
    assert signs_in("ada", PASSWORD)


def test_a_weak_password_is_refused_and_the_link_works_on(ada: Client, vera: User) -> None:
    html = ada.post(f"/users/{vera.pk}/password-link/", {"confirmed": "yes"}).content.decode()
    link = link_in(html)

    _, refused = set_password(link, "short")
    _, told = set_password(link)

    assert "E-PASSWORD" in refused
    assert "Your password is set" in told


def test_ones_own_password_is_changed_and_other_sessions_end(vera: User) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.force_login(vera)
    given = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}

    wrong = here.post("/password/change/", {**given, "old_password": "wrong"})
    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert "E-CREDENTIALS" in html.partition('id="id_old_password-e"')[2][:300]
    assert NEW not in html
    assert here.post("/password/change/", given)["Location"] == "/"

    assert here.get("/password/").status_code == 200
    assert elsewhere.get("/mappings/").status_code == 302
    assert signs_in("vera", NEW)
