"""Who may see and do what: default deny, on the server, for every address."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import resolve

from integration_admin.roles import OPERATOR, ROLES, SUPPORT, VIEWER, Right, Role
from mappings.models import Coupling
from syncjobs.models import Run
from tests.pages.addresses import (
    ACTS,
    BEFORE_SIGN_IN,
    CALLS_SYSTEMS,
    FOR_STAFF,
    OWN_ACTS,
    RIGHT_OF_ACT,
    RIGHT_OF_FILE,
    RIGHT_OF_PAGE,
    address,
    names,
)
from tests.pages.conftest import SignedIn
from tests.pages.factory import PASSWORD, Past, make_user

OPEN = ACTS | BEFORE_SIGN_IN | FOR_STAFF | {"sign_out"} | set(RIGHT_OF_FILE)
PAGES = [name for name in names() if name not in OPEN]


def test_every_address_is_known_to_these_tests() -> None:
    known = {*PAGES, *OPEN}

    assert set(names()) == known
    assert set(ACTS) <= set(names())


def test_nobody_gets_past_the_sign_in(full_past: Past, client: Client) -> None:
    let_in = [
        name
        for name in [*PAGES, *sorted(ACTS | FOR_STAFF), *RIGHT_OF_FILE, "sign_out"]
        for response in (client.get(address(name)), client.post(address(name)))
        if not response.headers.get("Location", "").startswith("/sign-in/")
    ]

    assert let_in == []
    assert Coupling.objects.count() == 216


def test_somebody_without_a_role_sees_no_page(full_past: Past, signed_in: SignedIn) -> None:
    nobody = signed_in(None)

    answers = {name: nobody.get(address(name)) for name in PAGES}

    assert {name for name, answer in answers.items() if answer.status_code != 403} == set()
    assert all("You lack the right" in answer.content.decode() for answer in answers.values())


def test_a_viewer_sees_every_page_and_no_button_that_would_be_refused(
    full_past: Past, viewer: Client
) -> None:
    answers = {name: viewer.get(address(name)) for name in PAGES if name not in RIGHT_OF_PAGE}
    refused = {act: f'action="{address(act)}"' for act in ACTS - OWN_ACTS}

    assert {answer.status_code for answer in answers.values()} <= {200, 286}
    for name, answer in answers.items():
        html = answer.content.decode()
        assert [act for act, button in refused.items() if button in html] == [], name


def test_a_viewer_may_do_nothing(full_past: Past, viewer: Client) -> None:
    runs = Run.objects.count()
    asked = {"selected": ["1"], "confirmed": "yes"}

    answers = {name: viewer.post(address(name), asked).status_code for name in ACTS - OWN_ACTS}

    assert set(answers.values()) == {403}
    assert Run.objects.count() == runs


def test_the_style_guide_is_for_staff(full_past: Past, signed_in: SignedIn) -> None:
    operator, staff = signed_in(Role.OPERATOR), signed_in(Role.VIEWER)
    User.objects.filter(username="viewer").update(is_staff=True)

    assert operator.get("/styleguide/").status_code == 403
    assert staff.get("/styleguide/").status_code == 200


def test_an_act_is_never_done_by_following_a_link(full_past: Past, admin: Client) -> None:
    answers = {name: admin.get(address(name)).status_code for name in ACTS}

    assert set(answers.values()) == {405}


def test_an_act_without_its_token_is_refused(full_past: Past) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(Role.ADMINISTRATOR))

    answers = [client.post(address(name)) for name in sorted(ACTS)]

    assert {answer.status_code for answer in answers} == {403}
    assert all("open for too long" in answer.content.decode() for answer in answers)


def test_support_may_retry_but_neither_delete_nor_run(full_past: Past, signed_in: SignedIn) -> None:
    support = signed_in(Role.SUPPORT)

    assert support.post("/coupled-data-errors/retry/").status_code == 302
    assert support.post("/couplings/delete/").status_code == 403
    assert support.post(address("synchronize")).status_code == 403
    assert support.post("/job-queue/run-now/").status_code == 403


def test_each_role_holds_what_the_one_below_holds() -> None:
    assert VIEWER < SUPPORT < OPERATOR <= ROLES[Role.ADMINISTRATOR] == frozenset(Right)


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_opens_exactly_the_pages_of_its_rights(
    full_past: Past, signed_in: SignedIn, role: Role | None
) -> None:  # C-4029
    client = signed_in(role)
    rights = ROLES[role] if role else frozenset()

    for name in PAGES:
        needed = RIGHT_OF_PAGE.get(name, Right.VIEW_CONSOLE)
        opened = client.get(address(name), follow=True).status_code in (200, 286)
        assert opened == (needed in rights), name


def test_each_act_asks_for_its_own_right(full_past: Past) -> None:
    """Rights can be given singly, so one that the same roles hold is still another one."""
    asked = {name: getattr(resolve(address(name)).func, "right", None) for name in ACTS}

    others = {name: right for name, right in asked.items() if right != RIGHT_OF_ACT[name]}
    assert others == {"delete_view": Right.VIEW_CONSOLE}  # one's own; a shared one asks for more


def test_who_may_look_at_the_console_looks_at_its_health(
    full_past: Past, signed_in: SignedIn
) -> None:  # C-3300
    client = signed_in(None)
    looks = Permission.objects.get(codename=Right.VIEW_CONSOLE.codename)
    User.objects.get(username="nobody").user_permissions.add(looks)

    home = client.get("/").content.decode()

    assert client.get("/connections/health/").status_code == 200
    assert 'href="/connections/health/"' in home


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_gets_exactly_the_files_of_its_rights(
    full_past: Past, signed_in: SignedIn, role: Role | None
) -> None:  # C-4029
    client = signed_in(role)
    rights = ROLES[role] if role else frozenset()

    for name, needed in RIGHT_OF_FILE.items():
        status = client.get(address(name)).status_code
        assert status == (200 if needed in rights else 403), name


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_is_refused_exactly_the_acts_beyond_its_rights(
    full_past: Past, signed_in: SignedIn, role: Role | None
) -> None:  # C-4029
    client = signed_in(role)
    rights = ROLES[role] if role else frozenset()

    for name, needed in RIGHT_OF_ACT.items():
        if name in CALLS_SYSTEMS:
            continue
        refused = client.post(address(name)).status_code == 403
        assert refused == (needed not in rights), name


def test_the_navigation_shows_what_the_person_may_open(
    full_past: Past, viewer: Client, signed_in: SignedIn
) -> None:
    for_viewers = viewer.get("/").content.decode()
    for_support = signed_in(Role.SUPPORT).get("/").content.decode()

    assert 'href="/api-tokens/"' in for_viewers
    assert 'href="/audit-log/"' not in for_viewers
    assert 'href="/audit-log/"' in for_support


def test_five_wrong_passwords_lock_the_door(db: None, client: Client) -> None:
    make_user(Role.VIEWER, "vera")
    wrong = {"username": "vera", "password": "no"}

    for _ in range(4):
        assert client.post("/sign-in/", wrong).status_code == 200
    locked = client.post("/sign-in/", wrong)
    right = client.post("/sign-in/", {"username": "vera", "password": PASSWORD})

    assert locked.status_code == right.status_code == 429
    assert "Wait an hour" in right.content.decode()


def test_the_page_that_was_asked_for_opens_after_signing_in(
    full_past: Past, client: Client
) -> None:
    make_user(Role.VIEWER, "vera")
    asked = client.get("/mappings/")

    response = client.post(asked["Location"], {"username": "vera", "password": PASSWORD})

    assert response["Location"] == "/mappings/"


def test_signing_in_leads_nowhere_else(db: None, client: Client) -> None:
    make_user(Role.VIEWER, "vera")

    response = client.post(
        "/sign-in/?next=https://elsewhere.example/", {"username": "vera", "password": PASSWORD}
    )

    assert response["Location"] == "/"
