"""From a preview to the run of it, by a worker and against the sandbox."""

from __future__ import annotations

from uuid import UUID

from django.test import Client

from connections import setup
from connections.models import Company
from connections.systems import Create, Selection
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs import tasks
from syncjobs.models import JobQueueEntry, Run, SynchJob
from syncjobs.terms import RunStatus
from tests.connected import connected, trusting
from tests.pages.factory import make_user

__all__ = ["connected", "trusting"]


def work() -> Run:
    """Let a worker do what waits; return its run."""
    entry = JobQueueEntry.objects.get(recurring=False)
    tasks.run_entry(str(entry.pk))
    return Run.objects.latest("pk")


def test_what_was_previewed_is_written_only_by_the_run(connected: Company) -> None:
    systems = setup.systems_of(connected)
    customer = Create(UUID(int=1, version=4), {"displayName": "Adatum", "city": "Oslo"})
    assert [one.error for one in systems.business_central.write("customers", [customer], ())] == [
        None
    ]
    mapping = IntegrationTableMapping.objects.get(company=connected, name="CUSTOMER")
    client = Client()
    client.force_login(make_user(Role.OPERATOR))

    client.post(f"/mappings/{mapping.pk}/preview/", {"mode": "full"})
    previewed = work()
    page = client.get(f"/runs/{previewed.pk}/").content.decode()
    listed = client.get(f"/planned-changes/?run={previewed.pk}").content.decode()
    written = list(systems.dataverse.read(Selection("account", ("name",))))
    client.post(f"/planned-runs/{previewed.plan.pk}/run/")
    done = work()

    assert previewed.status == done.status == RunStatus.SUCCESS
    assert f'view=insert">{previewed.plan.totals["Insert"]}</a>' in page
    assert "<ins>Oslo</ins>" in listed
    assert "<ins>CRONUS</ins>" in listed  # the row that the account would point to
    assert written == []
    assert SynchJob.objects.filter(run=previewed).count() == 0
    assert Coupling.objects.get(mapping_name="CUSTOMER").name == "C00010 Adatum"
