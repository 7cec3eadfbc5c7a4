"""From what people change, one click leads to who changed it (C-3201)."""

from __future__ import annotations

import re

from django.test import Client

from audit.models import AuditEntry
from integration_admin.roles import Role
from mappings.models import Coupling
from syncjobs.models import JobQueueEntry
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past

SETUPS = ("business-central", "dataverse", "sales")


def history(client: Client, address: str) -> str:
    """Return where a page's History leads; empty where it has none."""
    page = client.get(address).content.decode()
    found = re.search(r'<a href="(/audit-log/[^"]+)">History</a>', page)
    return found[1].replace("&amp;", "&") if found else ""


def cards(past: Past) -> list[str]:
    coupling = Coupling.objects.earliest("pk")
    entry = JobQueueEntry.objects.earliest("pk")
    return [
        f"/mappings/{past.mapping('CUSTOMER').pk}/",
        f"/couplings/{coupling.pk}/",
        f"/job-queue/{entry.pk}/",
        *(f"/connections/{name}/" for name in SETUPS),
    ]


def test_each_card_that_people_change_leads_to_its_entries(full_past: Past, admin: Client) -> None:
    for address in cards(full_past):
        assert admin.get(history(admin, address)).status_code == 200, address


def test_the_history_of_an_entry_holds_what_was_done_to_it(full_past: Past, admin: Client) -> None:
    entry = JobQueueEntry.objects.filter(status="Ready").earliest("pk")
    admin.post(f"/job-queue/{entry.pk}/hold/")
    noted = AuditEntry.objects.latest("pk")

    page = admin.get(history(admin, f"/job-queue/{entry.pk}/")).content.decode()

    assert f"/audit-log/{noted.pk}/" in page


def test_who_may_not_read_the_log_is_offered_none(full_past: Past, signed_in: SignedIn) -> None:
    client = signed_in(Role.VIEWER)

    assert not any(history(client, address) for address in cards(full_past))
