"""Lists: search, filters, tabs, sorting, paging, empty states, and a budget of queries for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mappings.models import Coupling
from tests.pages.addresses import address
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past, make_company

# Six of each are for session, person, rights, company and role; one of a list for its views, one
# for where its records open.
LISTS = {
    "mappings": 16,
    "couplings": 12,
    "coupling_errors": 12,
    "pending_couplings": 12,
    "synch_jobs": 10,
    "all_errors": 13,
    "job_queue": 12,
    "runs": 11,
}
CARDS = {
    "home": 20,
    "connections": 9,
    "mapping": 17,
    "coupling": 10,
    "synch_job": 12,
    "errors": 11,
    "job_queue_entry": 9,
    "run": 8,
    "run_progress": 8,
}


@contextmanager
def budget(name: str, queries: int) -> Iterator[None]:
    """Fail when more than so many queries are made; fewer are welcome."""
    with CaptureQueriesContext(connection) as made:
        yield
    told = "\n".join(query["sql"][:160] for query in made)
    assert len(made) <= queries, f"{name}: {len(made)} queries instead of {queries}:\n{told}"


def test_every_page_keeps_to_its_budget_of_queries(full_past: Past, admin: Client) -> None:
    for name, queries in [*LISTS.items(), *CARDS.items()]:
        url = address(name)
        admin.get(url)

        with budget(name, queries):
            admin.get(url)


def test_more_rows_cost_no_more_queries(past: Past, admin: Client) -> None:
    past.alive()
    past.mappings()
    past.couplings(1)
    few = {name: made_by(admin, name) for name in LISTS}
    Coupling.objects.all().delete()
    _fill(past)

    many = {name: made_by(admin, name) for name in LISTS}

    for name in LISTS:
        assert many[name] <= few[name] + 4, name  # what an empty page need not look up


def made_by(client: Client, name: str) -> int:
    """Return how many queries a page makes the second time it is looked at."""
    client.get(address(name))
    with CaptureQueriesContext(connection) as made:
        client.get(address(name))
    return len(made)


def _fill(past: Past) -> None:
    past.couplings(60)
    past.pending(60)
    past.day()


def test_a_list_is_paged_and_says_how_many_there_are(past: Past, admin: Client) -> None:
    past.couplings(120)

    first = admin.get("/couplings/").content.decode()
    last = admin.get("/couplings/?page=99").content.decode()

    assert "1 to 50 of 120" in first
    assert "101 to 120 of 120" in last


@pytest.mark.parametrize("what", ["10030", "Alpine", "id"])
def test_a_coupling_is_found_by_number_name_or_id(past: Past, admin: Client, what: str) -> None:
    wanted = past.couplings(10)[3]
    term = str(wanted.dataverse_id) if what == "id" else what

    html = admin.get("/couplings/", {"q": term}).content.decode()

    assert "10030 Alpine Ski House" in html
    assert "1 to 1 of 1" in html


def test_a_list_can_be_narrowed_to_a_mapping(past: Past, admin: Client) -> None:
    past.mappings()
    past.couplings(3)
    past.couplings(2, "VENDOR")

    html = admin.get("/couplings/?mapping=VENDOR").content.decode()

    assert "1 to 2 of 2" in html
    assert '<option value="VENDOR" selected>' in html


def test_a_tab_narrows_and_counts(full_past: Past, admin: Client) -> None:
    html = admin.get("/couplings/?view=skipped").content.decode()

    assert "1 to 3 of 3" in html
    assert 'aria-current="page">Skipped <span class="count">3</span>' in html


def test_a_tab_that_depends_on_who_looks_is_marked_too(past: Past, admin: Client) -> None:
    html = admin.get("/runs/", {"view": "mine"}).content.decode()

    assert 'aria-current="page">Mine' in html


def test_a_heading_sorts_up_then_down_then_not(past: Past, admin: Client) -> None:
    past.couplings(3)

    up = admin.get("/couplings/?sort=business_central_key").content.decode()
    down = admin.get("/couplings/?sort=-business_central_key").content.decode()

    assert up.index("10000 Adatum") < up.index("10020 School")
    assert down.index("10020 School") < down.index("10000 Adatum")
    assert 'aria-sort="descending"' in down


@pytest.mark.parametrize("query", ["?sort=company__name", "?page=x", "?view=x", "?job=x", "?q=%00"])
def test_an_odd_address_still_shows_the_list(full_past: Past, admin: Client, query: str) -> None:
    assert admin.get(f"/errors/all/{query}").status_code == 200


def test_nothing_yet_differs_from_nothing_matches(past: Past, admin: Client) -> None:
    nothing_yet = admin.get("/couplings/").content.decode()
    past.couplings(1)
    nothing_matches = admin.get("/couplings/?q=nobody").content.decode()

    assert "Nothing is coupled yet" in nothing_yet
    assert "Nothing matches “nobody” here" in nothing_matches
    assert "Clear filters" in nothing_matches


def test_a_company_sees_nothing_of_another(past: Past, signed_in: SignedIn) -> None:
    other = make_company("ZEBRA")
    theirs = Past(other, past.now).couplings(1)[0]
    past.couplings(2)
    client = signed_in()

    listed = client.get("/couplings/").content.decode()
    opened = client.get(f"/couplings/{theirs.pk}/")
    client.post(f"/companies/{other.pk}/choose/")
    chosen = client.get("/couplings/").content.decode()

    assert "1 to 2 of 2" in listed
    assert opened.status_code == 404
    assert "1 to 1 of 1" in chosen


def test_what_was_written_by_people_is_shown_and_never_run(past: Past, admin: Client) -> None:
    row = past.couplings(1)[0]
    Coupling.objects.filter(pk=row.pk).update(name="<script>alert(1)</script>")

    html = admin.get("/couplings/").content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
