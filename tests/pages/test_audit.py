"""The pages of the audit log and of API tokens."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client

from audit import chain, trail
from audit.models import AuditEntry
from audit.terms import Act
from connections import setup
from integration_admin import audit_verifying, cells
from integration_admin.roles import Role
from mappings import pairing
from syncjobs import jobs
from syncjobs.jobs import JobRequest
from syncjobs.models import Run
from syncjobs.progress import RunProgress
from syncjobs.terms import RunStatus
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past, make_company, make_user


def test_the_newest_act_stands_first_with_who_and_what(past: Past, admin: Client) -> None:
    past.mappings()
    row = past.couplings(1)[0]
    pairing.remove([row.pk], by=make_user(Role.OPERATOR, "olga"))

    html = admin.get("/audit-log/").content.decode()

    assert html.index("Coupling deleted") < html.index("Reset to defaults</td>")
    assert "olga" in html
    assert row.business_central_key in html


def test_the_list_is_narrowed_by_tab_user_and_words(past: Past, admin: Client) -> None:
    past.mappings()
    row = past.couplings(1)[0]
    pairing.remove([row.pk], by=make_user(Role.OPERATOR, "olga"))

    deletions = admin.get("/audit-log/?view=deletions").context["rows"]
    by_user = admin.get("/audit-log/?user=olga").context["rows"]
    by_words = admin.get(f"/audit-log/?q={row.business_central_key}").context["rows"]
    history = admin.get(f"/audit-log/?object=coupling:{row.pk}").context["rows"]

    assert len(deletions) == len(by_user) == len(by_words) == len(history) == 1


def test_before_and_after_stand_side_by_side(past: Past, admin: Client) -> None:
    setup.disable(past.company.sales_connection_setup, reason="move")
    entry = AuditEntry.objects.get(act=Act.DISABLED)

    html = admin.get(f"/audit-log/{entry.pk}/").content.decode()

    sides = '<td data-l="Before">Yes</td><td data-l="After">No</td>'
    assert f'<th scope="row">Enabled</th>{sides}' in html
    assert entry.correlation_id in html


def test_values_of_set_ups_are_shown_to_administrators_only(
    past: Past, signed_in: SignedIn
) -> None:
    setup.disable(past.company.sales_connection_setup, reason="move")
    entry = AuditEntry.objects.get(act=Act.DISABLED)

    html = signed_in(Role.SUPPORT).get(f"/audit-log/{entry.pk}/").content.decode()

    assert "shown to administrators only" in html
    assert 'data-l="Before"' not in html


def test_entries_of_other_companies_are_not_shown_but_those_of_none_are(
    past: Past, admin: Client
) -> None:
    other = make_company("FABRIKAM")
    trail.note(Act.CHANGED, kind="x", name="foreign", company=other)
    trail.note(Act.CHANGED, kind="x", name="of nobody")

    html = admin.get("/audit-log/").content.decode()

    assert "of nobody" in html
    assert "foreign" not in html


def test_what_others_wrote_is_shown_as_text(past: Past, admin: Client) -> None:
    name = "<script>alert(1)</script>"
    entry = trail.note(Act.CHANGED, kind="x", name=name, company=past.company, after={name: name})

    listed = admin.get("/audit-log/").content.decode()
    card = admin.get(f"/audit-log/{entry.pk}/").content.decode()

    assert name not in listed + card


def test_verify_proves_the_log_and_names_the_first_entry_that_is_not_as_written(
    past: Past, signed_in: SignedIn
) -> None:  # C-3203
    with transaction.atomic():
        entries = [trail.note(Act.TESTED, kind="test", name=f"Act {one}") for one in range(3)]
    chain.seal_rest()
    support = signed_in(Role.SUPPORT)

    whole = support.post("/audit-log/verify/", follow=True).content.decode()
    with connection.cursor() as cursor:
        changed = "UPDATE audit_auditentry SET object_name = 'Another' WHERE id = %s"
        cursor.execute(changed, [entries[1].pk])
    broken = support.post("/audit-log/verify/", follow=True).content.decode()

    assert "entries are as they were written, up to place 3 of the chain" in whole
    assert f"Entry {entries[1].pk} (Tested Another" in broken
    assert broken.count("is not as it was written") == 2  # said now, and kept on the page


def test_a_long_log_is_verified_as_a_run(
    past: Past, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:  # C-0007
    monkeypatch.setattr(audit_verifying, "AT_ONCE", 1)
    for number in range(2):
        trail.note(Act.TESTED, kind="test", name=f"Act {number}")

    answer = admin.post("/audit-log/verify/")
    run = Run.objects.get()
    Run.objects.update(status=RunStatus.IN_PROCESS)
    jobs.find(run.job)(JobRequest(past.company), RunProgress(run.pk))
    run.refresh_from_db()

    assert answer.headers["Location"] == f"/runs/{run.pk}/"
    assert "are as they were written" in run.log[-1][1]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("1f6e8a52-0c3b-4d7e-9a41-6b2c5d8e7f01", "Deployment Identity"),
        ("Set-up of 3d8cae74-2e5d-4f90-9c63-8d4e7f", "Set-up"),
        ("CUSTOMER", "CUSTOMER"),
        ("", "Deployment Identity"),
    ],
)
def test_an_entry_is_called_by_a_name_and_not_by_an_id(name: str, shown: str) -> None:
    assert cells.audited(AuditEntry(object_name=name, object_kind="Deployment Identity")) == shown
