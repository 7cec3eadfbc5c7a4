"""Tell me finds what people ask for by the names they know, as far as their rights go (C-0024)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from integration_admin.roles import Role
from integration_admin.tell_me import LISTS, OTHER_NAMES, places
from mappings.models import Coupling
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past


def links(client: Client, question: str) -> list[str]:
    """Return where the answers to a question lead."""
    found = client.get("/tell-me/", {"q": question}).content.decode().partition('id="found"')[2]
    return re.findall(r'<a href="([^"]+)"', found.partition("</main>")[0])


def _coupling() -> Coupling:
    return Coupling.objects.filter(mapping_name="CUSTOMER").exclude(name="").earliest("pk")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Dataverse Connection Setup", "dataverse_setup"),
        ("CRM Connection Setup", "sales_setup"),
        ("CDS Option Mapping", "option_errors"),
        ("Skipped Synch. Records", "coupling_errors"),
        ("redeploy", "redeploy"),
        ("item AVAILABILITY", "item_availability"),
    ],
)
def test_a_page_is_found_by_its_name_and_by_its_older_names(
    full_past: Past, admin: Client, question: str, name: str
) -> None:
    assert reverse(name) in links(admin, question)


def test_the_page_whose_caption_begins_so_comes_first(full_past: Past, admin: Client) -> None:
    assert links(admin, "Health")[0] == reverse("health")


def test_mappings_entries_and_records_are_found_as_their_lists_find_them(
    full_past: Past, admin: Client
) -> None:
    mapping = full_past.mapping("CUSTOMER")
    coupling = _coupling()

    by_mapping = links(admin, "CUSTOMER")
    by_number = links(admin, coupling.business_central_key)

    assert reverse("mapping", args=[mapping.pk]) in by_mapping
    assert any(address.startswith("/job-queue") for address in by_mapping)
    assert reverse("coupling", args=[coupling.pk]) in by_number


def test_nothing_is_told_of_what_somebody_may_not_open(
    full_past: Past, signed_in: SignedIn
) -> None:
    viewer = signed_in(Role.VIEWER)

    assert reverse("users") not in links(viewer, "users")
    assert reverse("encryption") not in links(viewer, "")


def test_a_viewer_finds_no_record_by_the_name_of_a_person(
    full_past: Past, signed_in: SignedIn
) -> None:  # C-4013
    named = _coupling()

    assert reverse("coupling", args=[named.pk]) in links(signed_in(Role.SUPPORT), named.name)
    assert reverse("coupling", args=[named.pk]) not in links(signed_in(Role.VIEWER), named.name)


def test_without_a_question_every_page_is_offered(full_past: Past, admin: Client) -> None:
    assert {place.address for place in places()} <= set(links(admin, ""))


def test_what_is_called_like_nothing_says_so_and_repeats_no_markup(
    full_past: Past, admin: Client
) -> None:
    page = admin.get("/tell-me/", {"q": "<b>\x00nothing"}).content.decode()

    assert "Nothing is called “&lt;b&gt;nothing”" in page


def test_other_names_and_lists_are_of_pages_that_exist() -> None:
    for name in (*OTHER_NAMES, *LISTS):
        assert reverse(name)


def test_a_question_costs_no_query_per_row(
    full_past: Past, admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16):
        admin.get("/tell-me/", {"q": "CUSTOMER"})
