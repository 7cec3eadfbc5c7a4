"""Pictures of every page: `make pictures` puts them into `test-results/`."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer
from rq import Worker

from audit.models import AuditEntry
from integration_admin.roles import Role
from mappings.models import Coupling
from syncjobs.models import HealthCheck, JobQueueEntry, PlannedRun, Run, SynchJob
from syncjobs.terms import RunStatus
from tests.pages.conftest import sign_in
from tests.pages.factory import Past, make_user

RESULTS = Path(__file__).resolve().parents[2] / "test-results"
WIDTHS = (1440, 768, 375)


def addresses(past: Past) -> dict[str, str]:
    """Return every kind of page, by the name of its picture."""
    mapping = past.mapping("CUSTOMER")
    held = Coupling.objects.filter(company=past.company, skipped=True).first()
    job = SynchJob.objects.filter(company=past.company, failed__gt=0).first()
    entry = JobQueueEntry.objects.filter(company=past.company, mapping_name="VENDOR").first()
    running = Run.objects.filter(company=past.company, status=RunStatus.IN_PROCESS).first()
    done = Run.objects.filter(company=past.company, status=RunStatus.SUCCESS).first()
    noted = AuditEntry.objects.filter(object_kind="API token").first()
    person = User.objects.filter(username="robot").first()
    plan = PlannedRun.objects.latest("pk")
    ill = HealthCheck.objects.get(company=past.company, state="wrong")
    assert noted
    assert person
    assert held
    assert job
    assert entry
    assert running
    assert done
    return {
        "home": "/",
        "connections": "/connections/",
        "business-central-setup": "/connections/business-central/",
        "business-central-edit": "/connections/business-central/?edit=1",
        "dataverse-setup": "/connections/dataverse/",
        "dataverse-edit": "/connections/dataverse/?edit=1",
        "sales-setup": "/connections/sales/",
        "sales-edit": "/connections/sales/?edit=1",
        "item-availability": "/connections/sales/item-availability/",
        "order-integration": "/connections/sales/orders/",
        "business-unit": "/connections/dataverse/business-unit/",
        "redeploy": "/connections/redeploy/",
        "redeploys": "/connections/redeploy/history/",
        "deployment-identity": "/connections/redeploy/identity/",
        "security-roles": "/connections/roles/",
        "health": "/connections/health/",
        "silence": f"/connections/health/{ill.pk}/silence/",
        "default-setup": "/connections/defaults/",
        "assisted-setup": "/assisted-setup/",
        "guide": "/assisted-setup/sales/",
        "guide-step": "/assisted-setup/sales/advanced/",
        "guide-ownership": "/assisted-setup/dataverse/ownership/",
        "mappings": "/mappings/",
        "mapping": f"/mappings/{mapping.pk}/",
        "couplings": "/couplings/",
        "couplings-filtered": "/couplings/?mapping=CUSTOMER&last_synch_result=Success&pane=open"
        "&sort=mapping_name,-business_central_key",
        "views": "/lists/couplings/views/?mapping=CUSTOMER&view=failed",
        "coupling": f"/couplings/{held.pk}/",
        "coupling-errors": "/coupled-data-errors/",
        "pending": "/pending-couplings/",
        "errors": "/errors/",
        "errors-all": "/errors/all/",
        "jobs": "/synch-jobs/",
        "job": f"/synch-jobs/{job.pk}/",
        "preview": f"/runs/{plan.run_id}/",
        "planned-changes": f"/planned-changes/?run={plan.run_id}",
        "job-queue": "/job-queue/",
        "job-queue-entry": f"/job-queue/{entry.pk}/",
        "runs": "/runs/",
        "run": f"/runs/{running.pk}/",
        "run-done": f"/runs/{done.pk}/",
        "nothing-matches": "/couplings/?q=nobody",
        "option-errors": "/option-errors/",
        "warnings": "/errors/all/?view=warnings",
        "styleguide": "/styleguide/",
        "audit-log": "/audit-log/",
        "audit-entry": f"/audit-log/{noted.pk}/",
        "api-tokens": "/api-tokens/",
        "encryption": "/encryption/",
        "users": "/users/",
        "user-new": "/users/new/",
        "who-can": "/users/rights/?right=run_sync",
        "password": "/password/",
        "user": f"/users/{person.pk}/",
        "not-found": "/nowhere/",
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_take_pictures(
    live: LiveServer, page: Page, past: Past, idle_worker: Worker, width: int, theme: str
) -> None:
    past.everything()
    make_user(Role.ADMINISTRATOR, "mira")
    RESULTS.mkdir(exist_ok=True)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.goto(f"{live.url}/sign-in/")
    page.screenshot(path=RESULTS / f"signin-{width}-{theme}.png", full_page=True)

    sign_in(page, live.url, "mira")
    for name, address in addresses(past).items():
        page.goto(f"{live.url}{address}")
        page.screenshot(path=RESULTS / f"{name}-{width}-{theme}.png", full_page=True)

    assert (RESULTS / f"home-{width}-{theme}.png").exists()
