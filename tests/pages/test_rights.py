"""Who may see and do what: default deny, on the server, for every address."""

from __future__ import annotations

import pytest
from django.test import Client

from integration_admin.chrome import AREAS
from integration_admin.roles import OPERATOR, ROLES, SUPPORT, VIEWER, Right, Role
from mappings.models import Coupling
from syncjobs.models import Run
from tests.pages.addresses import ACTS, BEFORE_SIGN_IN, address, names
from tests.pages.conftest import SignedIn
from tests.pages.factory import PASSWORD, Past, make_user

PAGES = [name for name in names() if name not in ACTS | BEFORE_SIGN_IN | {"sign_out"}]


def test_every_address_is_known_to_these_tests() -> None:
    known = {*PAGES, *ACTS, *BEFORE_SIGN_IN, "sign_out"}

    assert set(names()) == known
    assert set(ACTS) <= set(names())


@pytest.mark.parametrize("name", [*PAGES, *sorted(ACTS), "sign_out"])
def test_nobody_gets_past_the_sign_in(full_past: Past, client: Client, name: str) -> None:
    url = address(name)

    for response in (client.get(url), client.post(url)):
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")
    assert Coupling.objects.count() == 216


@pytest.mark.parametrize("name", PAGES)
def test_somebody_without_a_role_sees_no_page(
    full_past: Past, signed_in: SignedIn, name: str
) -> None:
    response = signed_in(None).get(address(name))

    assert response.status_code == 403
    assert "You lack the right" in response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_sees_every_page(full_past: Past, viewer: Client, name: str) -> None:
    response = viewer.get(address(name))

    assert response.status_code in (200, 286)


@pytest.mark.parametrize("name", sorted(ACTS - {"switch_company"}))
def test_a_viewer_may_do_nothing(full_past: Past, viewer: Client, name: str) -> None:
    runs = Run.objects.count()

    response = viewer.post(address(name), {"selected": ["1"], "confirmed": "yes"})

    assert response.status_code == 403
    assert Run.objects.count() == runs


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_is_offered_no_button_that_would_be_refused(
    full_past: Past, viewer: Client, name: str
) -> None:
    html = viewer.get(address(name)).content.decode()

    refused = [act for act in ACTS - {"switch_company"} if f'action="{address(act)}"' in html]
    assert refused == []


@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_is_never_done_by_following_a_link(
    full_past: Past, admin: Client, name: str
) -> None:
    response = admin.get(address(name))

    assert response.status_code == 405


@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_without_its_token_is_refused(full_past: Past, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(Role.ADMINISTRATOR))

    response = client.post(address(name))

    assert response.status_code == 403
    assert "open for too long" in response.content.decode()


def test_support_may_retry_but_neither_delete_nor_run(full_past: Past, signed_in: SignedIn) -> None:
    support = signed_in(Role.SUPPORT)

    assert support.post("/coupled-data-errors/retry/").status_code == 302
    assert support.post("/couplings/delete/").status_code == 403
    assert support.post(address("synchronize")).status_code == 403
    assert support.post("/job-queue/run-now/").status_code == 403


def test_each_role_holds_what_the_one_below_holds() -> None:
    assert VIEWER < SUPPORT < OPERATOR <= ROLES[Role.ADMINISTRATOR] == frozenset(Right)


def test_every_page_of_the_navigation_asks_for_a_right_that_a_viewer_has() -> None:
    assert {page.right for area in AREAS for page in area.pages} <= VIEWER


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
