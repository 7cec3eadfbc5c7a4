"""Couplings, held-back and pending records: what is said of them, and their cures."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from connections.causes import Cause
from integration_admin.roles import Role
from mappings.models import Coupling, PendingCoupling
from syncjobs.models import JobQueueEntry, Run
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past

MESSAGE = "The value of Phone No. is too long."


@pytest.fixture
def held(past: Past) -> list[Coupling]:
    past.mappings()
    rows = past.couplings(3)
    past.skip(rows, Cause.VALUE_TOO_LONG, MESSAGE)
    return rows


def test_a_held_back_record_says_why_and_what_to_do(held: list[Coupling], admin: Client) -> None:
    listed = admin.get("/coupled-data-errors/").content.decode()
    card = admin.get(f"/couplings/{held[0].pk}/").content.decode()

    for html in (listed, card):
        assert MESSAGE in html
        assert "Shorten the text in the record it comes from." in html


def test_retry_takes_the_mark_off_the_ticked_records(held: list[Coupling], admin: Client) -> None:
    response = admin.post(
        "/coupled-data-errors/retry/",
        {"selected": [held[0].pk, held[1].pk], "next": "/coupled-data-errors/?mapping=CUSTOMER"},
    )

    assert Coupling.objects.in_error().get() == held[2]
    assert response["Location"] == "/coupled-data-errors/?mapping=CUSTOMER"


def test_retry_all_asks_first(held: list[Coupling], admin: Client) -> None:
    asked = admin.post("/coupled-data-errors/retry-all/").content.decode()
    assert Coupling.objects.in_error().count() == 3

    admin.post("/coupled-data-errors/retry-all/", {"confirmed": "yes"})

    assert "3 couplings" in asked
    assert not Coupling.objects.in_error().exists()


def test_find_for_deleted_asks_first_and_shows_its_run(past: Past, admin: Client) -> None:
    address = "/coupled-data-errors/find-deleted/"

    asked = admin.post(address).content.decode()
    response = admin.post(address, {"confirmed": "yes"})

    assert "which may take minutes" in asked
    run = Run.objects.get(job="find_deleted")
    assert response["Location"] == f"/runs/{run.pk}/"


def test_restore_records_restores_those_that_lost_a_side(
    held: list[Coupling], past: Past, admin: Client
) -> None:  # C-1904: the others that are ticked stay as they are
    past.skip(held[:1], Cause.DELETED, "The coupled Account was deleted.")
    chosen = {"selected": [row.pk for row in held]}

    asked = admin.post("/coupled-data-errors/restore/", chosen).content.decode()
    admin.post("/coupled-data-errors/restore/", {**chosen, "confirmed": "yes"})

    assert "Restore 1 of 3 records?" in asked
    parameters = JobQueueEntry.objects.get(recurring=False).parameters
    assert parameters["restore"]
    assert parameters["ids"] == [str(held[0].business_central_id)]
    assert Coupling.objects.in_error().count() == 2


def test_synchronize_runs_a_held_back_record_the_way_it_failed(
    held: list[Coupling], admin: Client
) -> None:
    response = admin.post(f"/couplings/{held[0].pk}/synchronize/")

    run = Run.objects.get()
    assert response["Location"] == f"/runs/{run.pk}/"
    entry = run.entry
    assert entry is not None
    assert entry.parameters["directions"] == ["ToIntegrationTable"]
    assert entry.parameters["ids"] == [str(held[0].business_central_id)]
    held[0].refresh_from_db()
    assert not held[0].skipped


def test_synchronize_runs_a_pair_both_ways_where_its_mapping_goes_both_ways(
    past: Past, admin: Client
) -> None:
    past.mappings()
    row = past.couplings(1)[0]

    admin.post("/couplings/synchronize/", {"selected": [row.pk]})

    ways = {
        entry.parameters["directions"][0]: entry.parameters["ids"]
        for entry in JobQueueEntry.objects.filter(recurring=False)
    }
    assert ways == {
        "ToIntegrationTable": [str(row.business_central_id)],
        "FromIntegrationTable": [str(row.dataverse_id)],
    }


def test_support_does_a_hundred_at_once_and_not_more(past: Past, signed_in: SignedIn) -> None:
    rows = past.couplings(101)
    past.skip(rows, Cause.VALUE_TOO_LONG, MESSAGE)
    support = signed_in(Role.SUPPORT)
    ids = [row.pk for row in rows]

    refused = support.post("/coupled-data-errors/retry/", {"selected": ids}, follow=True)
    assert Coupling.objects.in_error().count() == 101
    support.post("/coupled-data-errors/retry/", {"selected": ids[:100]})

    assert "You may do 100 records at once" in refused.content.decode()
    assert Coupling.objects.in_error().count() == 1


def test_a_coupling_is_deleted_only_after_asking(held: list[Coupling], admin: Client) -> None:
    address = f"/couplings/{held[0].pk}/delete/"

    asked = admin.post(address).content.decode()
    assert Coupling.objects.count() == 3
    admin.post(address, {"confirmed": "yes"})

    assert "Delete this coupling?" in asked
    assert "Keep it" in asked
    assert Coupling.objects.count() == 2


def test_a_pending_record_is_tried_again(past: Past, admin: Client) -> None:
    past.pending(4)
    row = PendingCoupling.objects.get(skipped=True)

    html = admin.get("/pending-couplings/").content.decode()
    admin.post("/pending-couplings/retry/", {"selected": [row.pk]})

    assert "Contact 0" in html
    assert "The company of the contact, 10000, is not coupled." in html
    assert not PendingCoupling.objects.filter(skipped=True).exists()


def test_links_open_both_sides_in_their_web_clients(past: Past, admin: Client) -> None:
    past.mappings()
    row = past.couplings(1)[0]

    html = admin.get(f"/couplings/{row.pk}/").content.decode()

    links = [part.split('"')[0].replace("&amp;", "&") for part in html.split('href="https://')[1:]]
    bc, sales = (urlsplit(f"https://{link}") for link in links)
    assert bc.netloc == "businesscentral.dynamics.com"
    assert parse_qs(bc.query) == {
        "company": ["CRONUS"],
        "page": ["21"],
        "filter": ["'No.' IS '10000'"],
    }
    assert sales.netloc == "cronus.crm4.dynamics.com"
    assert parse_qs(sales.query)["id"] == [str(row.dataverse_id)]
    assert parse_qs(sales.query)["etn"] == ["account"]
