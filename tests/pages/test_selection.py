"""Acts on rows: the ticked ones, or all that match, with their number asked for."""

from __future__ import annotations

import pytest
from django.test import Client

from connections.causes import Cause
from integration_admin.roles import Role
from mappings.models import Coupling
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past

RETRY, LIST = "/coupled-data-errors/retry/", "/coupled-data-errors/"


def held(past: Past, count: int, mapping: str = "CUSTOMER") -> list[Coupling]:
    rows = past.couplings(count, mapping)
    past.skip(rows, Cause.VALUE_TOO_LONG, "Too long.")
    return rows


def retry_all_of(client: Client, address: str, seen: int, **more: str) -> str:
    """Press Retry for all rows that match; return the page that comes."""
    asked = {"all": str(seen), "next": address, "selected": "1", **more}
    return client.post(RETRY, asked, follow=True).content.decode()


def test_all_that_match_are_more_than_the_page_shows(past: Past, admin: Client) -> None:
    held(past, 120)
    held(past, 2, "VENDOR")

    html = retry_all_of(admin, f"{LIST}?mapping=CUSTOMER", 120)

    assert "120 couplings will be synchronized again." in html
    assert Coupling.objects.filter(skipped=True).count() == 2


def test_above_five_hundred_the_number_is_typed(past: Past, admin: Client) -> None:  # C-0008
    held(past, 501)

    asked = retry_all_of(admin, LIST, 501)
    wrong = retry_all_of(admin, LIST, 501, confirmed="yes", number="500")

    assert "Retry: all 501 rows?" in asked
    assert "Type 501 to go on" in asked
    assert 'name="all" value="501"' in asked
    assert 'name="selected"' not in asked
    assert "That is not the number" in wrong
    assert Coupling.objects.filter(skipped=True).count() == 501
    assert "501 couplings will be" in retry_all_of(admin, LIST, 501, confirmed="yes", number="501")


def test_what_has_come_since_is_asked_about(past: Past, admin: Client) -> None:
    held(past, 60)

    asked = retry_all_of(admin, LIST, 58)

    assert "Retry: all 60 rows?" in asked
    assert "Type" not in asked
    assert "60 couplings will be" in retry_all_of(admin, LIST, 58, confirmed="yes")


@pytest.mark.parametrize("address", ["/pending-couplings/", "/", "/nowhere/", "//x/", ""])
def test_rows_of_another_list_are_not_taken_for_these(
    past: Past, admin: Client, address: str
) -> None:
    held(past, 3)
    past.pending(3)

    html = retry_all_of(admin, address, 3)

    assert "Select the rows on their list" in html
    assert Coupling.objects.filter(skipped=True).count() == 3


def test_the_limit_of_a_role_holds_for_all_that_match(
    past: Past, signed_in: SignedIn
) -> None:  # C-4016
    held(past, 101)

    html = retry_all_of(signed_in(Role.SUPPORT), LIST, 101)

    assert "You may do 100 records at once, not 101." in html


def test_many_couplings_are_deleted_after_typing_their_number_once(
    past: Past, admin: Client
) -> None:
    past.couplings(510)
    asked = {"all": "510", "next": "/couplings/?view=all"}

    admin.post("/couplings/delete/", {**asked, "confirmed": "yes", "number": "510"})

    assert not Coupling.objects.exists()
