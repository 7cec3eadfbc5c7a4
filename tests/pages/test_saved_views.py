"""Saved views of lists: private or shared, one of them the default (C-0011)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import AuditEntry
from integration_admin.models import DefaultView, SavedView
from integration_admin.roles import Role
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past

SAVE = "/lists/couplings/views/save/"
PICTURE = "mapping=VENDOR&sort=-business_central_key"


def save(client: Client, name: str = "Vendors", **posted: str) -> SavedView:
    client.post(SAVE, {"name": name, "picture": PICTURE, **posted})
    return SavedView.objects.get(name=name)


def test_what_is_shown_is_saved_under_a_name(past: Past, admin: Client) -> None:
    past.mappings()
    past.couplings(2, "VENDOR")
    offered = admin.get(f"/couplings/?{PICTURE}&page=7").content.decode()

    form = admin.get(f"/lists/couplings/views/?{PICTURE}&page=7").content.decode()
    saved = admin.post(SAVE, {"name": " Vendors ", "picture": PICTURE}, follow=True)

    view = SavedView.objects.get()
    assert "/lists/couplings/views/?mapping=VENDOR&amp;sort=-business_central_key" in offered
    assert 'name="picture" value="mapping=VENDOR&amp;sort=-business_central_key"' in form
    assert (view.name, view.picture, view.is_shared) == ("Vendors", PICTURE, False)
    assert saved.redirect_chain[-1][0] == f"/couplings/?{PICTURE}&saved={view.pk}"
    assert (
        'aria-current="page"' in saved.content.decode().split("your view </span>Vendors")[0][-400:]
    )
    assert saved.context["is_changed"] is False


def test_a_view_that_was_narrowed_further_says_so(past: Past, admin: Client) -> None:
    view = save(admin)

    html = admin.get(f"/couplings/?{PICTURE}&saved={view.pk}&q=x").content.decode()

    assert 'Vendors <span class="count">changed</span>' in html


def test_a_private_view_is_seen_by_its_owner_only(
    past: Past, admin: Client, signed_in: SignedIn
) -> None:
    view = save(admin)
    viewer = signed_in(Role.VIEWER)

    assert "Vendors" not in viewer.get("/couplings/").content.decode()
    assert viewer.post(f"/saved-views/{view.pk}/delete/").status_code == 404
    assert viewer.post(f"/saved-views/{view.pk}/default/", {"default": "yes"}).status_code == 404


def test_a_shared_view_is_everybodys_to_see_and_not_to_delete(
    past: Past, admin: Client, signed_in: SignedIn
) -> None:
    view = save(admin, shared="on")
    viewer, operator = signed_in(Role.VIEWER), signed_in(Role.OPERATOR)

    assert "Vendors" in viewer.get("/couplings/").content.decode()
    assert viewer.post(f"/saved-views/{view.pk}/delete/").status_code == 403
    asked = operator.post(f"/saved-views/{view.pk}/delete/")
    assert "Delete Vendors for everybody?" in asked.content.decode()
    operator.post(f"/saved-views/{view.pk}/delete/", {"confirmed": "yes"})
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_sharing_needs_a_right(past: Past, signed_in: SignedIn, role: Role) -> None:  # C-4028
    client = signed_in(role)

    refused = client.post(SAVE, {"name": "Ours", "picture": "", "shared": "on"})

    assert refused.status_code == 403
    assert "manage_views" in refused.content.decode()
    assert not SavedView.objects.exists()
    assert "Share it" not in client.get("/lists/couplings/views/").content.decode()


def test_a_list_opens_with_ones_default_view(
    past: Past, admin: Client, signed_in: SignedIn
) -> None:
    view = save(admin, default="on", shared="on")
    viewer = signed_in(Role.VIEWER)

    assert admin.get("/couplings/")["Location"] == f"/couplings/?{PICTURE}&saved={view.pk}"
    assert admin.get("/couplings/?view=all").status_code == 200
    assert admin.get("/runs/").status_code == 200
    assert viewer.get("/couplings/").status_code == 200


def test_there_is_one_default_and_it_can_be_taken_back(past: Past, admin: Client) -> None:
    first, second = save(admin, "First", default="on"), save(admin, "Second", default="on")

    assert DefaultView.objects.get().view == second
    admin.post(f"/saved-views/{first.pk}/default/", {"default": "no"})  # it is not the default
    assert DefaultView.objects.get().view == second
    admin.post(f"/saved-views/{second.pk}/default/", {"default": "no"})
    assert admin.get("/couplings/").status_code == 200


def test_a_name_is_taken_once_and_replaced_only_when_asked(past: Past, admin: Client) -> None:
    view = save(admin)

    again = admin.post(SAVE, {"name": "Vendors", "picture": "q=x"})

    html = again.content.decode()
    assert again.status_code == 422
    assert "Vendors exists already" in html
    assert "E-DUP" in html
    assert 'value="Vendors" required aria-invalid="true" aria-describedby="name-problem"' in html
    assert 'name="picture" value="q=x"' in html
    admin.post(SAVE, {"name": "Vendors", "picture": "q=x", "replaces": "on"})
    view.refresh_from_db()
    assert view.picture == "q=x"


@pytest.mark.parametrize(
    ("name", "picture", "code"),
    [(" ", "", "E-REQUIRED"), ("x" * 61, "", "E-RANGE"), ("a", "q=" + "x" * 2_000, "E-RANGE")],
)
def test_what_cannot_be_saved_is_told(
    past: Past, admin: Client, name: str, picture: str, code: str
) -> None:
    refused = admin.post(SAVE, {"name": name, "picture": picture})

    assert refused.status_code == 422
    assert code in refused.content.decode()


def test_views_leave_their_trace(past: Past, admin: Client) -> None:
    view = save(admin)
    admin.post(f"/saved-views/{view.pk}/delete/")

    noted = list(AuditEntry.objects.filter(object_kind="saved view").values_list("act", flat=True))

    assert noted == ["Deleted", "Created"]


def test_a_view_of_a_list_asks_for_the_right_of_the_list(past: Past, viewer: Client) -> None:
    assert viewer.get("/lists/users/views/").status_code == 403
    assert viewer.post("/lists/users/views/save/", {"name": "x"}).status_code == 403
    assert User.objects.filter(saved_views__isnull=False).count() == 0
