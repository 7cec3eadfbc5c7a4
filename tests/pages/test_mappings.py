"""The mapping pages: what they say, and the runs that their buttons start."""

from __future__ import annotations

import pytest
from django.test import Client

from mappings.models import IntegrationTableMapping
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import JobStatus, RunStatus
from tests.pages.factory import Past


@pytest.fixture
def mapping(past: Past) -> IntegrationTableMapping:
    past.mappings()
    return past.mapping("CUSTOMER")


def test_filters_are_shown_as_sentences(mapping: IntegrationTableMapping, admin: Client) -> None:
    html = admin.get(f"/mappings/{mapping.pk}/").content.decode()

    assert "Every customer where Blocked is blank." in html
    assert "Status is Active, Relationship Type is Customer and Company is this company" in html


def test_a_filter_that_cannot_be_read_says_so_in_its_place(
    mapping: IntegrationTableMapping, admin: Client
) -> None:
    IntegrationTableMapping.objects.filter(pk=mapping.pk).update(table_filter=[["blocked"]])

    response = admin.get(f"/mappings/{mapping.pk}/")

    assert response.status_code == 200
    assert "cannot be read" in response.content.decode()


def test_the_card_shows_fields_directions_rules_and_what_comes_first(
    mapping: IntegrationTableMapping, admin: Client
) -> None:
    html = admin.get(f"/mappings/{mapping.pk}/").content.decode()

    assert "refers to SALESPEOPLE" in html
    assert "always “systemuser”" in html
    assert "address1_line1" in html
    assert "Must be in step first" in html


def test_a_click_puts_a_run_into_the_queue_and_shows_it(
    mapping: IntegrationTableMapping, admin: Client
) -> None:
    response = admin.post(f"/mappings/{mapping.pk}/synchronize/", {"mode": "modified"})

    run = Run.objects.get()
    assert response["Location"] == f"/runs/{run.pk}/"
    assert run.status == RunStatus.WAITING
    assert run.description == "CUSTOMER: modified records"
    assert run.user is not None
    entry = run.entry
    assert entry is not None
    assert (entry.job, entry.mapping_name) == ("synchronize", "CUSTOMER")
    assert entry.status == JobStatus.READY
    assert entry.parameters == {"mode": "modified"}
    assert entry.category == "BCI CUST"


def test_a_full_run_asks_before_it_starts(mapping: IntegrationTableMapping, admin: Client) -> None:
    address = f"/mappings/{mapping.pk}/synchronize/"

    asked = admin.post(address, {"mode": "full"}).content.decode()
    assert Run.objects.count() == 0
    admin.post(address, {"mode": "full", "confirmed": "yes"})

    assert "Run the full synchronization of CUSTOMER now?" in asked
    assert '<input type="hidden" name="mode" value="full">' in asked
    assert Run.objects.get().description == "CUSTOMER: full synchronization"


def test_an_unconditional_run_goes_one_way(mapping: IntegrationTableMapping, admin: Client) -> None:
    html = admin.get(f"/mappings/{mapping.pk}/").content.decode()
    chosen = "unconditional:ToIntegrationTable"

    admin.post(f"/mappings/{mapping.pk}/synchronize/", {"mode": chosen, "confirmed": "yes"})

    assert f'value="{chosen}"' in html
    entry = JobQueueEntry.objects.get(recurring=False)
    assert entry.parameters == {"mode": "unconditional", "directions": ["ToIntegrationTable"]}


@pytest.mark.parametrize("mode", ["everything", "full:Sideways", ""])
def test_an_unknown_mode_starts_nothing(
    mapping: IntegrationTableMapping, admin: Client, mode: str
) -> None:
    response = admin.post(
        f"/mappings/{mapping.pk}/synchronize/", {"mode": mode, "confirmed": "yes"}, follow=True
    )

    assert Run.objects.count() == 0
    assert "Choose one of the buttons" in response.content.decode()


def test_ticked_mappings_run_in_the_order_of_their_dependencies(
    mapping: IntegrationTableMapping, past: Past, admin: Client
) -> None:
    chosen = [mapping.pk, past.mapping("SALESPEOPLE").pk, past.mapping("CURRENCY").pk]

    admin.post("/mappings/synchronize/", {"selected": chosen})

    names = list(Run.objects.order_by("pk").values_list("mapping_name", flat=True))
    assert names == ["SALESPEOPLE", "CURRENCY", "CUSTOMER"]


def test_nothing_ticked_starts_nothing_and_says_so(
    mapping: IntegrationTableMapping, admin: Client
) -> None:
    response = admin.post("/mappings/synchronize/", {"next": "/mappings/"}, follow=True)

    assert Run.objects.count() == 0
    assert "Select at least one mapping first." in response.content.decode()


def test_all_mappings_run_in_one_run(mapping: IntegrationTableMapping, admin: Client) -> None:
    asked = admin.post("/mappings/synchronize-all/").content.decode()
    assert not Run.objects.exists()
    number = IntegrationTableMapping.objects.count()
    assert f"Synchronize modified records of {number} mappings?" in asked  # C-0519
    admin.post("/mappings/synchronize-all/", {"confirmed": "yes"})

    assert Run.objects.get().job == "synchronize_all"


def test_an_option_mapping_is_not_matched(past: Past, admin: Client) -> None:
    past.mappings()
    option = past.mapping("PAYMENT TERMS")

    html = admin.get(f"/mappings/{option.pk}/").content.decode()

    assert "Match-Based Coupling" not in html
