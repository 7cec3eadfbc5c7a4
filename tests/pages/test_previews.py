"""Preview: from a mapping to what a run would do, and from there to the run."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin.roles import Right, Role
from syncjobs.models import JobQueueEntry, PlannedRun, Run
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past


@pytest.fixture
def plan(past: Past) -> PlannedRun:
    past.mappings()
    return past.preview()


def page_of(client: Client, plan: PlannedRun) -> str:
    return client.get(f"/runs/{plan.run_id}/").content.decode()


def test_support_previews_from_the_card(past: Past, signed_in: SignedIn) -> None:  # C-4012
    past.mappings()
    mapping, support = past.mapping("CUSTOMER"), signed_in(Role.SUPPORT)

    card = support.get(f"/mappings/{mapping.pk}/").content.decode()
    support.post(f"/mappings/{mapping.pk}/preview/", {"mode": "full"})

    entry = JobQueueEntry.objects.get(recurring=False)
    assert f'formaction="/mappings/{mapping.pk}/preview/" name="mode" value="modified"' in card
    assert f'formaction="/mappings/{mapping.pk}/preview/" name="mode" value="full"' in card
    assert (entry.job, entry.parameters) == ("preview", {"mode": "full"})
    assert entry.category == ""  # it writes nothing, so it waits for nobody
    assert AuditEntry.objects.filter(act=Act.RUN_STARTED, after__job="preview").exists()


def test_a_full_run_offers_a_preview_before_it_starts(past: Past, admin: Client) -> None:  # C-1017
    past.mappings()
    address = f"/mappings/{past.mapping('CUSTOMER').pk}/synchronize/"
    mode = "unconditional:ToIntegrationTable"

    asked = admin.post(address, {"mode": mode}).content.decode()
    admin.post(address, {"mode": mode, "preview": "yes"})

    entry = JobQueueEntry.objects.get(recurring=False)
    assert 'name="preview" value="yes"' in asked
    assert entry.job == "preview"
    assert entry.parameters == {"mode": "unconditional", "directions": ["ToIntegrationTable"]}


def test_the_page_counts_by_kind_and_leads_to_each(plan: PlannedRun, admin: Client) -> None:
    html = page_of(admin, plan)

    assert "Nothing was written" in html
    assert f'/planned-changes/?run={plan.run_id}&amp;view=change">412</a>' in html
    assert "The mass-change guard would stop this run" in html


def test_the_list_shows_values_before_and_after(plan: PlannedRun, admin: Client) -> None:
    html = admin.get(f"/planned-changes/?run={plan.run_id}&view=change").content.decode()

    assert "Nothing of this was written" in html
    assert "<del>Oslo</del>" in html
    assert "<ins>Bergen</ins>" in html
    assert "10000 Adatum Corporation" in html


def test_the_list_is_of_one_preview(plan: PlannedRun, past: Past, admin: Client) -> None:
    other = past.preview("VENDOR")

    html = admin.get(f"/planned-changes/?run={plan.run_id}&size=100").content.decode()

    assert f'<a href="/runs/{plan.run_id}/">' in html
    assert f"/runs/{other.run_id}/" not in html
    assert "All <span" in html
    assert html.count("10000 Adatum Corporation</th>") == 3


def test_a_plan_is_exported_as_lists_are(plan: PlannedRun, admin: Client) -> None:
    address = f"/lists/planned_changes/export/?format=csv&run={plan.run_id}&view=change"
    content = b"".join(admin.get(address).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]

    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == 10
    assert rows[0]["Before and after"] == "City: Oslo → Bergen; E-mail: old@x.example → "


def test_a_viewer_sees_the_counts_and_no_values(plan: PlannedRun, viewer: Client) -> None:
    html = page_of(viewer, plan)

    assert "412" in html
    assert "/planned-changes/" not in html
    assert "/planned-runs/" not in html
    assert viewer.get(f"/planned-changes/?run={plan.run_id}").status_code == 403


def test_run_it_asks_for_the_number_where_the_guard_would_stop_it(
    plan: PlannedRun, admin: Client
) -> None:
    address = f"/planned-runs/{plan.pk}/run/"

    asked = admin.post(address).content.decode()
    admin.post(address, {"confirmed": "yes", "number": "411"})
    nothing = JobQueueEntry.objects.filter(recurring=False).exists()
    admin.post(address, {"confirmed": "yes", "number": "412"})

    entry = JobQueueEntry.objects.get(recurring=False)
    assert "Type 412 to go on" in asked
    assert not nothing
    assert (entry.job, entry.parameters) == ("synchronize", {"mode": "full", "agreed": 412})


def test_a_small_run_of_modified_records_starts_at_once(plan: PlannedRun, admin: Client) -> None:
    PlannedRun.objects.update(mode="modified", is_stopped=False, direction="ToIntegrationTable")

    admin.post(f"/planned-runs/{plan.pk}/run/")

    entry = JobQueueEntry.objects.get(recurring=False)
    assert entry.parameters == {"mode": "modified", "directions": ["ToIntegrationTable"]}


def test_support_has_no_button_to_run_it(plan: PlannedRun, signed_in: SignedIn) -> None:
    assert "/planned-runs/" not in page_of(signed_in(Role.SUPPORT), plan)


def test_a_preview_that_was_forgotten_says_so(plan: PlannedRun, admin: Client) -> None:
    run = Run.objects.get(pk=plan.run_id)
    plan.delete()

    html = admin.get(f"/runs/{run.pk}/").content.decode()

    assert "The preview is over" in html


def test_who_sees_no_personal_data_previews_without_values(
    plan: PlannedRun, signed_in: SignedIn
) -> None:  # C-4013
    client = signed_in(None)
    rights = [right.codename for right in (Right.VIEW_CONSOLE, Right.PREVIEW, Right.EXPORT)]
    User.objects.get(username="nobody").user_permissions.add(
        *Permission.objects.filter(codename__in=rights)
    )

    listed = client.get(f"/planned-changes/?run={plan.run_id}")
    found = client.get(f"/planned-changes/?run={plan.run_id}&q=Adatum").content.decode()
    answer = client.get(f"/lists/planned_changes/export/?format=csv&run={plan.run_id}")
    exported = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    assert listed.status_code == 200
    for text in (listed.content.decode(), found, exported):
        assert "Oslo" not in text
        assert "Adatum Corporation" not in text
    assert "No rows match" in found  # nor are rows found by what is not shown
