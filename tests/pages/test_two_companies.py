"""Two companies in one console: every page is about the one that is chosen."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.causes import Cause
from connections.models import Company
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping, OptionCoupling, PendingCoupling
from mappings.terms import Direction, SynchResult
from syncjobs.models import JobQueueEntry, Run, SynchError, SynchJob
from tests.pages.conftest import SignedIn, sign_in_at_once
from tests.pages.factory import Past, make_company, make_user

MARKED = (
    (Coupling, "name"),
    (Coupling, "last_crm_error"),
    (PendingCoupling, "name"),
    (OptionCoupling, "option_caption"),
    (SynchError, "record_name"),
    (SynchJob, "message"),
    (Run, "description"),
    (JobQueueEntry, "description"),
)
LISTS = (
    "couplings",
    "coupling_errors",
    "pending_couplings",
    "option_errors",
    "all_errors",
    "job_queue",
    "runs",
)
PAGES = (*LISTS, "home", "errors", "mappings", "synch_jobs", "connections", "job_queue")
CARDS = {
    "coupling": Coupling,
    "mapping": IntegrationTableMapping,
    "synch_job": SynchJob,
    "job_queue_entry": JobQueueEntry,
    "run": Run,
}


class Both(NamedTuple):
    """Two companies, whose records bear different marks."""

    alpha: Company
    zebra: Company


def filled(company: Company, mark: str, past: Past, number: int) -> None:
    """Let a company have something on every list, with its mark in the text of each row."""
    theirs = Past(company, past.now)
    theirs.mappings()
    theirs.skip(theirs.couplings(number)[:1], Cause.VALUE_TOO_LONG, "Too long.")
    theirs.pending(number)
    job = theirs.job("CUSTOMER", Direction.TO_INTEGRATION_TABLE, past.now, failed=number)
    theirs.errors(job, number, Cause.CONFLICT, "Both sides changed.")
    OptionCoupling.objects.create(
        company=company,
        mapping_name="PAYMENT TERMS",
        business_central_id=theirs.mapping().company.business_central_id,
        business_central_key="21 DAYS",
        option_value=number,
        option_caption="21 days",
        last_synch_crm_result=SynchResult.FAILURE,
        skipped=True,
    )
    for model, field in MARKED:
        rows = model._default_manager.filter(company=company)
        rows.update(**{field: Concat(Value(f"{mark} "), field)})


@pytest.fixture
def both(past: Past) -> Both:
    zebra = make_company("ZEBRA")
    Company.objects.filter(pk=zebra.pk).update(display_name="")
    filled(past.company, "alphamark", past, 3)
    filled(zebra, "zebramark", past, 5)
    return Both(past.company, zebra)


def choose(client: Client, company: Company, **posted: str) -> str:
    answer = client.post(reverse("switch_company", args=[company.pk]), posted)
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.mark.parametrize("name", sorted(set(PAGES)))
def test_a_page_shows_nothing_of_the_other_company(both: Both, admin: Client, name: str) -> None:
    choose(admin, both.zebra)

    html = admin.get(reverse(name)).content.decode()

    assert "alphamark" not in html
    assert ("zebramark" in html) or name not in LISTS


@pytest.mark.parametrize("name", LISTS)
def test_an_export_holds_nothing_of_the_other_company(both: Both, admin: Client, name: str) -> None:
    choose(admin, both.zebra)

    answer = admin.get(reverse("export_list", args=[name]), {"format": "csv"})
    text = b"".join(answer).decode()

    assert answer.status_code == 200
    assert "zebramark" in text
    assert "alphamark" not in text


def test_counts_are_those_of_the_company(both: Both, admin: Client) -> None:
    alpha = admin.get("/couplings/").content.decode()
    choose(admin, both.zebra)
    zebra = admin.get("/couplings/").content.decode()

    assert "1 to 3 of 3" in alpha
    assert "1 to 5 of 5" in zebra


@pytest.mark.parametrize("name", CARDS)
def test_a_card_of_the_other_company_is_not_found(both: Both, admin: Client, name: str) -> None:
    theirs = CARDS[name]._default_manager.filter(company=both.zebra).first()
    assert theirs
    address = reverse(name, args=[theirs.pk])

    before = admin.get(address).status_code
    choose(admin, both.zebra)

    assert (before, admin.get(address).status_code) == (404, 200)


def test_acts_touch_no_row_of_the_other_company(both: Both, admin: Client) -> None:
    held = Coupling.objects.get(company=both.zebra, skipped=True)

    admin.post("/coupled-data-errors/retry/", {"selected": [held.pk]})
    admin.post("/couplings/delete/", {"selected": [held.pk], "confirmed": "yes"})

    assert Coupling.objects.get(pk=held.pk).skipped


def test_choosing_keeps_the_page_and_leaves_a_card_for_its_list(
    both: Both, signed_in: SignedIn
) -> None:
    client = signed_in(Role.VIEWER)
    coupling = Coupling.objects.filter(company=both.alpha).first()
    assert coupling

    kept = choose(client, both.zebra, next="/couplings/?view=failed&sort=-name")
    card = choose(client, both.zebra, next=f"/couplings/{coupling.pk}/")
    elsewhere = choose(client, both.zebra, next="https://evil.example/couplings/")
    nowhere = choose(client, both.zebra, next="/no-such-page/")

    assert kept == "/couplings/?view=failed&sort=-name"
    assert card == "/couplings/"
    assert (elsewhere, nowhere) == ("/", "/")


def test_a_person_chooses_the_other_company_and_stays_on_the_page(
    both: Both, live: LiveServer, page: Page
) -> None:  # C-0019
    sign_in_at_once(page, live.url, make_user(Role.SUPPORT, "noor"))
    page.goto(f"{live.url}/pending-couplings/?q=Contact")
    expect(page.get_by_text("1 to 3 of 3")).to_be_visible()

    page.locator("summary", has_text="CRONUS").click()
    page.get_by_role("button", name="ZEBRA").click()

    expect(page.get_by_text("1 to 5 of 5")).to_be_visible()
    expect(page).to_have_url(f"{live.url}/pending-couplings/?q=Contact")
    expect(page.get_by_text("alphamark")).to_have_count(0)
