"""Small promises of pages: captions of both systems, numbers that are typed, options held back."""

from __future__ import annotations

from django.test import Client

from integration_admin.pages import BoundedPaginator
from mappings import captions
from mappings.models import Coupling, IntegrationTableMapping, OptionCoupling
from syncjobs.models import Run
from tests.pages.factory import Past


class Few(BoundedPaginator[Coupling]):
    """Counts to three."""

    most = 3


def test_every_field_of_the_default_mappings_has_its_caption_on_both_sides(full_past: Past) -> None:
    nameless = [
        f"{mapping}: {line.integration_field}"
        for mapping in IntegrationTableMapping.objects.prefetch_related("fields")
        for line in mapping.fields.all()
        if line.integration_field
        and not captions.integration_field(mapping.integration_table, line.integration_field)
    ]

    assert nameless == []
    assert captions.field("customers", "phoneNumber") == "Phone No."
    assert captions.integration_field("account", "telephone1") == "Main Phone"


def test_a_full_run_over_many_asks_for_their_number(full_past: Past, admin: Client) -> None:
    url = f"/mappings/{full_past.mapping().pk}/synchronize/"
    asked = {"mode": "full", "confirmed": "yes"}
    runs = Run.objects.count()

    wrong = admin.post(url, {**asked, "number": "12"}).content.decode()
    assert "Type 120 to go on" in wrong
    assert "That is not the number. Nothing was started." in wrong
    assert Run.objects.count() == runs
    admin.post(url, {**asked, "number": "120"})

    assert Run.objects.count() == runs + 1


def test_options_that_are_held_back_are_listed_and_retried(full_past: Past, admin: Client) -> None:
    row = OptionCoupling.objects.create(
        company=full_past.company,
        mapping_name="PAYMENT TERMS",
        business_central_id=full_past.company.business_central_id,
        business_central_key="14 DAYS",
        option_value=3,
        option_caption="Net 14",
        last_error="The option set has no value 3 any more.",
        skipped=True,
    )

    assert "has no value 3 any more" in admin.get("/option-errors/").content.decode()
    admin.post("/option-errors/retry/", {"selected": [row.pk]})

    row.refresh_from_db()
    assert not row.skipped


def test_a_long_list_is_counted_so_far_and_no_further(full_past: Past) -> None:
    paginator = Few(Coupling.objects.order_by("pk"), 2)

    assert (paginator.count, paginator.is_more, paginator.num_pages) == (3, True, 2)
