"""Somebody presses a button in a real browser, a real worker runs, and the progress moves."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.models import Company
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.models import Run
from syncjobs.terms import RunStatus
from tests.connected import connected, environment, trusting
from tests.pages.conftest import sign_in
from tests.pages.factory import make_user
from tests.processes import ROOT, until
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]

RECORDS = 2000
LONG = 300.0  # seconds
# Milliseconds; a page of records then takes longer than the browser waits before it asks again.
SLOW = {"bc": 500, "dataverse": 500}
AT_ONCE = {"bc": 0, "dataverse": 0}
BAR = "document.querySelector('#progress progress')?.getAttribute('value') ?? null"
FIGURES = 5  # that somebody must have seen before the systems answer at once


@pytest.fixture
def worker(connected: Company, sandbox: RunningSandbox) -> Iterator[None]:
    """A worker that runs what the browser asks for."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment(sandbox)
    )
    yield
    process.kill()
    process.wait()


def test_the_progress_of_2000_records_moves_while_somebody_watches(
    connected: Company, worker: None, sandbox: RunningSandbox, live: LiveServer, page: Page
) -> None:
    sandbox.seed(customers=RECORDS)
    sandbox.limits({"latency_ms": SLOW})
    mapping = IntegrationTableMapping.objects.get(company=connected, name="CUSTOMER")
    make_user(Role.ADMINISTRATOR, "mira")
    sign_in(page, live.url, "mira")

    page.goto(f"{live.url}/mappings/{mapping.pk}/")
    _press_full_synchronization(page)
    expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    seen = _watch(page, sandbox)

    assert len(seen) >= FIGURES, seen
    assert seen == sorted(seen)
    assert Coupling.objects.filter(mapping_name="CUSTOMER").count() == RECORDS
    expect(page.get_by_role("heading", name=re.compile("^Done in"))).to_be_visible()


def _press_full_synchronization(page: Page) -> None:
    page.get_by_text("More options").click()
    page.get_by_role("button", name=re.compile("full", re.IGNORECASE)).first.click()
    agree = page.locator("button[name=confirmed]")
    expect(agree.or_(page.locator("#progress"))).to_be_visible()
    if agree.count():
        agree.click()


def _watch(page: Page, sandbox: RunningSandbox) -> list[int]:
    """Return the figures that the progress bar showed until the run ended."""
    seen, is_slow = list[int](), True

    def look() -> bool:
        nonlocal is_slow
        value = page.evaluate(BAR)  # in one step, since a bar may vanish between two
        if value is not None and int(value) not in [0, *seen[-1:]]:
            seen.append(int(value))
        if is_slow and len(seen) >= FIGURES:
            is_slow = False
            sandbox.limits({"latency_ms": AT_ONCE})
        return not Run.objects.filter(status__in=(RunStatus.WAITING, RunStatus.IN_PROCESS)).exists()

    until(look, "the run to end", patience=LONG)
    return seen
