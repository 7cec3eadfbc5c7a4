"""Person to Team and back on a synchronized company: who owns follows, and nothing fails."""

from __future__ import annotations

from typing import Any

import pytest

from connections.models import Company, DataverseConnectionSetup
from integration_admin import connecting, enabling
from integration_admin.descriptions import Description
from mappings import reset
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs import clock
from syncjobs.models import JobQueueEntry
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connected, trusting
from tests.running_sandbox import RunningSandbox
from tests.sandbox.test_ui import Browser

__all__ = ["connected", "trusting"]


@pytest.fixture
def seller(connected: Company, sandbox: RunningSandbox) -> str:
    """A seller whose user is coupled, and a customer of theirs that is in step."""
    user = {
        "firstname": "Jo", "lastname": "Berg", "internalemailaddress": "jo@cronus.example",
        "domainname": "jo@cronus.example", "islicensed": True,
        "businessunitid@odata.bind": _root(sandbox),
    }  # fmt: skip
    wanted = {"Prefer": "return=representation"}
    made = sandbox.dataverse.post("systemusers", user, headers=wanted)
    assert made.ok, made.text
    person = {"code": "JO", "displayName": "Jo Berg", "email": "jo@cronus.example"}
    assert sandbox.bc_standard.post("salespeoplePurchasers", person).ok
    customer(sandbox, "Adatum")
    JobQueueEntry.objects.all().delete()
    enabling.apply_choices(connected, now=clock.now())
    for name in ("SALESPEOPLE", "CUSTOMER"):
        run(connected, name, Mode.FULL)
    return str(made.json()["systemuserid"])


def _root(sandbox: RunningSandbox) -> str:
    units = sandbox.dataverse.get("businessunits").json()["value"]
    [root] = [one for one in units if one["_parentbusinessunitid_value"] is None]
    return f"/businessunits({root['businessunitid']})"


def customer(sandbox: RunningSandbox, name: str) -> None:
    made = sandbox.bc.post("customers", {"displayName": name})
    assert made.ok, made.text
    path = f"/ui/bc/customers/{made.json()['id']}"
    assert "Saved." in Browser(sandbox).change(path, salespersonCode="JO").text


def run(company: Company, name: str, mode: Mode) -> Any:
    directions = (Direction.TO_INTEGRATION_TABLE,) if name == "CUSTOMER" else None
    report = synchronize_mapping(company, name, mode=mode, directions=directions)
    assert report.count(Action.FAILED) == 0, [job.errors for job in report.jobs]
    return report


def owner(sandbox: RunningSandbox, name: str) -> str:
    rows = sandbox.dataverse.get("accounts", params={"$filter": f"name eq '{name}'"})
    [row] = rows.json()["value"]
    return str(row["_ownerid_value"])


def switch(company: Company, model: str) -> None:
    """Choose another model as the card does: disable, save, enable."""
    row = DataverseConnectionSetup.objects.get(company=company)
    enabling.disable(row, now=clock.now())
    DataverseConnectionSetup.objects.update(ownership_model=model)
    outcome = enabling.enable_dataverse(Company.objects.get(pk=company.pk), now=clock.now())
    assert outcome.mappings is not None, outcome.in_the_way


def entries() -> set[str]:
    return set(
        JobQueueEntry.objects.exclude(mapping_name="").values_list("mapping_name", flat=True)
    )


def test_person_to_team_and_back_no_record_fails_and_the_right_one_owns(
    connected: Company, sandbox: RunningSandbox, seller: str
) -> None:  # E-1.86, E-9.17, C-0511
    assert owner(sandbox, "Adatum") == seller

    switch(connected, "Team")
    customer(sandbox, "Relecloud")
    for mode in (Mode.FULL, Mode.UNCONDITIONAL):
        run(connected, "CUSTOMER", mode)

    team = str(DataverseConnectionSetup.objects.get().owning_team_id)
    assert owner(sandbox, "Relecloud") == team
    assert "SALESPEOPLE" not in entries()
    assert not reset.preview(Company.objects.get()).customised

    switch(connected, "Person")
    customer(sandbox, "Trey")
    for mode in (Mode.FULL, Mode.UNCONDITIONAL):
        run(connected, "CUSTOMER", mode)

    owners = {owner(sandbox, name) for name in ("Adatum", "Relecloud", "Trey")}
    assert owners == {seller}  # the couplings of salespeople stayed
    assert "SALESPEOPLE" in entries()


def test_configure_moves_the_mappings_as_the_card_does(connected: Company) -> None:
    IntegrationTableMapping.objects.filter(name="VENDOR").update(guard_percent=5)
    said = Description(connected.business_central_id, dataverse={"ownership_model": "Team"})

    outcome = connecting.connect(said, now=clock.now())

    assert outcome.mappings is not None
    assert outcome.mappings.removed == ("SALESPEOPLE",)
    lines = IntegrationTableMapping.objects.get(name="VENDOR").fields
    assert not lines.filter(integration_field__startswith="ownerid").exists()
    assert IntegrationTableMapping.objects.get(name="VENDOR").guard_percent == 5
