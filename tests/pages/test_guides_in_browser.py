"""From an unconnected console through both guides to a running synchronization, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from integration_admin.models import GuideDraft, GuideRun
from integration_admin.roles import Role
from mappings.models import Coupling
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus
from tests.connected import trusting
from tests.flows import guides
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import make_user
from tests.processes import until
from tests.running_sandbox import RunningSandbox

__all__ = ["trusting"]
LONG = 120_000  # milliseconds
PATIENCE = 300.0  # seconds; a busy machine takes its time for a first synchronization
ACTIVE = (
    JobStatus.READY,
    JobStatus.WAITING,
    JobStatus.IN_PROCESS,
    JobStatus.ON_HOLD_INACTIVE,  # it has run already, and there was nothing to do
)


@pytest.fixture
def cronus(transactional_db: None, trusting: None, sandbox: RunningSandbox) -> Iterator[None]:
    """A console without a company between CRONUS and a Sales that holds only its users."""
    sandbox.reset({"bc": "cronus", "dataverse": "empty"})
    with guides.worker(sandbox):
        yield
    sandbox.reset("empty")


def test_an_unconnected_console_comes_to_a_running_synchronization_through_both_guides(
    cronus: None, sandbox: RunningSandbox, live: LiveServer, page: Page
) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    sign_in_at_once(page, live.url, make_user(Role.ADMINISTRATOR, "mira"))

    page.goto(live.url)
    page.get_by_role("link", name="Connect to Dataverse").click()
    page.get_by_role("link", name="Start").click()
    _to_dataverse(page, sandbox)
    assert not Company.objects.exists()
    assert findings(page) == []
    _finish(page)

    company = Company.objects.get()
    assert DataverseConnectionSetup.objects.get().is_enabled
    assert Coupling.objects.filter(company=company, mapping_name="CUSTOMER").exists()
    assert Coupling.objects.filter(company=company, mapping_name="SALESPEOPLE").exists()
    assert not Coupling.objects.filter(company=company, mapping_name="ITEM-PRODUCT").exists()
    assert findings(page) == []

    page.goto(f"{live.url}/assisted-setup/")
    page.get_by_role("link", name="Set up the Dynamics 365 Sales Connection").click()
    page.get_by_role("link", name="Start").click()
    _to_sales(page, sandbox)
    _finish(page)

    assert SalesConnectionSetup.objects.get().is_enabled
    assert Coupling.objects.filter(company=company, mapping_name="ITEM-PRODUCT").exists()
    active = JobQueueEntry.objects.filter(recurring=True, status__in=ACTIVE)
    assert active.filter(mapping_name="CUSTOMER").exists()
    assert active.filter(mapping_name="ITEM-PRODUCT").exists()
    assert not GuideDraft.objects.exists()
    assert not any(record.secrets for record in GuideRun.objects.all())
    assert [text for text in told if "Content Security" in text] == []


def _next(page: Page, title: str) -> None:
    """Choose Next, and come to the step of this title."""
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible(timeout=LONG)


def _sign_in(page: Page, who: dict[str, str]) -> None:
    page.get_by_label("Client Id").fill(who["client_id"])
    page.get_by_label("Client Secret", exact=True).fill(who["client_secret"])
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Authority").fill(who["authority"])
    page.get_by_label("Tenant").fill(who["tenant"])


def _to_dataverse(page: Page, sandbox: RunningSandbox) -> None:
    env = sandbox.env
    _next(page, "Consent")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#id_accepted-e")).to_contain_text("E-REQUIRED")
    page.get_by_role("switch", name="I accept").check()
    _leave_and_stay(page)
    _next(page, "Sign-in and app registration")
    expect(page.get_by_text("Financials.ReadWrite.All")).to_be_visible()
    _sign_in(page, guides.registration(sandbox))
    _next(page, "Business Central")
    page.get_by_label("Server Address").fill(env["SANDBOX_BC_URL"])
    _next(page, "Company")
    page.get_by_label(re.compile("CRONUS")).check()
    _next(page, "Environment and administrator")
    page.get_by_label("Environment URL").fill(env["SANDBOX_DATAVERSE_URL"])
    _sign_in(page, guides.registration(sandbox))
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#id_client_id-e")).to_contain_text("E-NOTADMIN", timeout=LONG)
    _as_administrator(page, sandbox)
    _next(page, "Ownership model")
    _next(page, "Couple salespeople")
    page.locator("input[name=couple]").first.check()
    _next(page, "First synchronization")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator("input[name=couple]").first).to_be_checked()
    _next(page, "First synchronization")
    _review(page, "CUSTOMER")
    _next(page, "Review and finish")


def _leave_and_stay(page: Page) -> None:
    """C-0203: a link leads to one question; who stays finds what was entered."""
    page.get_by_role("link", name="Assisted Setup").first.click()
    expect(page.get_by_role("heading", name="Leave the guide?")).to_be_visible()
    page.get_by_role("link", name="Stay").click()
    expect(page.get_by_role("switch", name="I accept")).to_be_checked()


def _review(page: Page, mapping: str) -> None:
    """E-9.18: what is only in Business Central is recommended to be synchronized in full."""
    _next(page, "Full Synchronization Review")
    choice = page.get_by_role("combobox", name=f"First synchronization of {mapping}")
    expect(choice).to_have_value("full")
    assert findings(page) == []


def _as_administrator(page: Page, sandbox: RunningSandbox) -> None:
    who = guides.administrator(sandbox)
    page.get_by_label("Client Id").fill(who["client_id"])
    page.get_by_label("Client Secret", exact=True).fill(who["client_secret"])
    page.get_by_role("switch", name="Keep it as deployment identity").check()


def _to_sales(page: Page, sandbox: RunningSandbox) -> None:
    expect(page.get_by_label("Dynamics 365 Sales URL")).to_have_value(
        sandbox.env["SANDBOX_DATAVERSE_URL"]
    )
    _next(page, "Settings")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_role("switch", name="Enable Sales Order Integration").check()
    _next(page, "First synchronization")
    _review(page, "ITEM-PRODUCT")
    _next(page, "Review and finish")
    expect(page.get_by_text("Switch the sales order integration on in Sales.")).to_be_visible()


def _finish(page: Page) -> None:
    """Choose Finish; the worker does what the page shows as done."""
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Steps of the run")).to_be_visible(timeout=LONG)
    record = until(_ended, "the run to end", patience=PATIENCE)
    assert record.error_message == ""
    expect(page.get_by_role("heading", name=re.compile("^Completed"))).to_be_visible(timeout=LONG)


def _ended() -> GuideRun | None:
    record = GuideRun.objects.first()
    return record if record is not None and record.finished_at is not None else None
