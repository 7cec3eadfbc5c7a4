"""From set-ups to systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from connections import company_row, setup, trust
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from connections.systems import Lookup, Selection
from tests.connections.companies import connected, new_company
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db


def test_both_systems_come_from_the_set_ups(admitted: RunningSandbox) -> None:
    admitted.reset("empty")

    systems = setup.systems_of(connected(admitted))

    assert systems.business_central.count(Selection("customers", ())) == 0
    assert systems.dataverse.count(Selection("account", ())) == 0
    assert systems.dataverse.me.int


def test_a_run_that_is_cancelled_is_heard(admitted: RunningSandbox) -> None:
    class CancelledError(Exception):
        """The run was cancelled."""

    def check() -> None:
        raise CancelledError

    systems = setup.systems_of(connected(admitted), check=check)

    with pytest.raises(CancelledError):
        systems.business_central.count(Selection("customers", ()))


def _refusal(company: Company) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refusal:
        setup.systems_of(company)
    return refusal.value


def test_a_company_without_set_ups_says_so() -> None:
    refusal = _refusal(new_company())

    assert refusal.cause == Cause.NOT_CONFIGURED
    assert "manage.py configure" in refusal.message


def test_a_disabled_connection_says_why(admitted: RunningSandbox) -> None:
    company = connected(admitted)
    setup.disable(setup.dataverse_setup(company), reason="The role is gone.")

    refusal = _refusal(company)

    assert refusal.cause == Cause.NOT_CONFIGURED
    assert "The role is gone." in refusal.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_secret": ""}, "lacks Client Secret"),
        ({"tenant": "", "client_id": ""}, "lacks Tenant and Client Id"),
        (
            {"authentication_type": "Certificate"},
            "lacks Certificate and Private Key",
        ),
        ({"server_address": ""}, "lacks Server Address"),
    ],
)
def test_what_is_missing_is_named(
    admitted: RunningSandbox, change: dict[str, Any], words: str
) -> None:
    refusal = _refusal(connected(admitted, **change))

    assert refusal.cause == Cause.NOT_CONFIGURED
    assert words in refusal.message


def test_an_address_that_is_not_admitted_is_not_called(admitted: RunningSandbox) -> None:
    refusal = _refusal(connected(admitted, server_address="https://evil.example"))

    assert refusal.cause == Cause.HOST_NOT_ALLOWED


def test_pasted_addresses_are_cut_to_what_is_needed() -> None:
    business_central = "https://bc.example/v2.0/tenant/Production/api/v2.0/companies"

    assert setup.business_central_root(business_central) == (
        "https://bc.example/v2.0/tenant/Production"
    )
    assert setup.dataverse_origin("https://Org.crm.example/main.aspx") == "https://org.crm.example"


# Trust


def test_a_pem_of_ones_own_is_trusted_besides_the_systems(
    settings: Settings, sandbox: RunningSandbox
) -> None:
    own = Path(sandbox.env["SANDBOX_CA_BUNDLE"])
    system = Path(trust.bundle()).read_text(encoding="utf-8")
    settings.SYSTEM_CA_BUNDLE = str(own)

    together = Path(trust.bundle()).read_text(encoding="utf-8")

    assert own.read_text(encoding="utf-8") in together
    assert together.count("BEGIN CERTIFICATE") > system.count("BEGIN CERTIFICATE")


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_pem_that_cannot_be_read_is_named(
    settings: Settings, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    settings.SYSTEM_CA_BUNDLE = str(path)

    with pytest.raises(ConfigurationError, match="SYSTEM_CA_BUNDLE") as refusal:
        trust.bundle()

    assert refusal.value.cause == Cause.CERTIFICATE


# Enabling and disabling


def _sales(company: Company) -> SalesConnectionSetup:
    return SalesConnectionSetup.objects.create(company=company)


def test_sales_needs_dataverse(admitted: RunningSandbox) -> None:
    company = connected(admitted)
    setup.disable(setup.dataverse_setup(company))

    with pytest.raises(ConfigurationError, match="Enable the Dataverse"):
        setup.enable(_sales(company))


def test_dataverse_stays_enabled_while_sales_uses_it(admitted: RunningSandbox) -> None:
    company = connected(admitted)
    setup.enable(_sales(company))

    with pytest.raises(ConfigurationError, match="Disable the Microsoft Dynamics"):
        setup.disable(setup.dataverse_setup(company))

    assert setup.dataverse_setup(company).is_enabled


def test_enabling_clears_the_reason(admitted: RunningSandbox) -> None:
    company = connected(admitted)
    setup.disable(setup.dataverse_setup(company), reason="x" * 400)

    setup.enable(setup.dataverse_setup(company))

    assert setup.dataverse_setup(company).disable_reason == ""


def test_rows_say_whose_they_are(admitted: RunningSandbox) -> None:
    company = connected(admitted)

    assert str(company) in str(setup.dataverse_setup(company))
    assert str(company) in str(BusinessCentralConnection.objects.get())
    assert str(company) in str(_sales(company))


# The company's row


def _stamped(company: Company) -> tuple[bool, DataverseConnectionSetup]:
    row = setup.dataverse_setup(company)
    return company_row.stamp(company, row, setup.systems_of(company).dataverse), row


def test_the_companys_row_is_created_once_with_a_team(admitted: RunningSandbox) -> None:
    admitted.reset("empty")
    company = connected(admitted)

    created, row = _stamped(company)
    again, _ = _stamped(company)

    assert (created, again) == (True, False)
    dataverse = setup.systems_of(company).dataverse
    columns = ("bcbi_externalid", "bcbi_defaultowningteam")
    [[found]] = dataverse.read(Selection("bcbi_company", columns))
    assert found.id == company.dataverse_company_id
    assert found.values["bcbi_externalid"] == str(company.business_central_id)
    assert row.owning_team_id is not None
    assert found.values["bcbi_defaultowningteam"] == Lookup("team", row.owning_team_id)
    assert row.business_unit_name


def test_a_row_that_is_there_only_gets_a_missing_team(admitted: RunningSandbox) -> None:
    admitted.reset("empty")
    company = connected(admitted)
    external_id = str(company.business_central_id)
    values = {"bcbi_name": "By hand", "bcbi_externalid": external_id}
    admitted.dataverse.post("bcbi_companies", json=values).raise_for_status()

    created, row = _stamped(company)

    assert not created
    answer = admitted.dataverse.get("bcbi_companies").json()
    [found] = answer["value"]
    assert found["bcbi_name"] == "By hand"
    assert UUID(found["_bcbi_defaultowningteam_value"]) == row.owning_team_id


@pytest.mark.parametrize("called", ["CRONUS", "C" * 121])  # the second as long as Dataverse keeps
def test_a_team_of_the_companys_own_owns_its_rows(admitted: RunningSandbox, called: str) -> None:
    admitted.reset("empty")
    company = connected(admitted)
    name = f"{called} ({company.business_central_id})"
    root = admitted.dataverse.get("businessunits").json()["value"][0]["businessunitid"]
    representation = {"Prefer": "return=representation"}
    unit = {"name": name, "parentbusinessunitid@odata.bind": f"/businessunits({root})"}
    answer = admitted.dataverse.post("businessunits", json=unit, headers=representation)
    answer.raise_for_status()
    team = {
        "name": f"BCI - {name}"[:160],
        "teamtype": 0,
        "businessunitid@odata.bind": f"/businessunits({answer.json()['businessunitid']})",
    }
    made = admitted.dataverse.post("teams", json=team, headers=representation)
    made.raise_for_status()

    _, row = _stamped(company)

    assert str(row.owning_team_id) == made.json()["teamid"]
    assert row.business_unit_name == name
    [found] = admitted.dataverse.get("bcbi_companies").json()["value"]
    assert found["_ownerid_value"] == made.json()["teamid"]
