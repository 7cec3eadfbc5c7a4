"""Unit Group Mapping switched on and off on a company that is in step with Sales (C-0620)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from connections.models import Company, SalesConnectionSetup
from connections.terms import UnitOfMeasureModel
from integration_admin import connecting, enabling, preconditions, unit_switch
from integration_admin.descriptions import Description, DescriptionError
from integration_admin.roles import Role
from mappings import unit_groups
from mappings.models import Coupling, IntegrationTableMapping
from mappings.terms import Direction
from syncjobs import clock, tasks
from syncjobs.models import JobQueueEntry, Run, SynchError
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Mode
from tests.connected import connect, connected, trusting
from tests.pages.factory import make_user
from tests.pages.test_setups import SALES, form_of
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
SWITCH = f"{SALES}unit-groups/"
ON, OFF = UnitOfMeasureModel.UNIT_GROUP, UnitOfMeasureModel.UNIT_OF_MEASURE
GOODS = ("ITEM-PRODUCT", "RESOURCE-PRODUCT", "CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE")


@pytest.fixture
def company(
    transactional_db: None, trusting: Settings, sandbox: RunningSandbox
) -> Iterator[Company]:
    sandbox.reset({"bc": "cronus", "dataverse": "empty"}, scale=0.01)
    yield connect(sandbox)
    sandbox.reset("empty")


def signed_in() -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def run_all(company: Company, *modes: Mode) -> set[str]:
    """Run the mappings of goods while Sales is enabled; return the records that failed."""
    SalesConnectionSetup.objects.update(is_enabled=True)
    enabling.apply_choices(company, now=clock.now())
    SynchError.objects.all().delete()
    units = [name for name in unit_groups.ALL_UNITS if _is_there(name)]
    for mode in modes:
        for name in (*units, *GOODS):
            to_sales = (Direction.TO_INTEGRATION_TABLE,)
            synchronize_mapping(company, name, mode=mode, directions=to_sales)
    SalesConnectionSetup.objects.update(is_enabled=False)
    failed = SynchError.objects.filter(warning=False)
    return {f"{one.business_central_id}: {one.message}" for one in failed}


def _is_there(name: str) -> bool:
    return IntegrationTableMapping.objects.filter(name=name).exists()


def switch(admin: Client) -> str:
    """Choose the button, type the number, and let a worker run it; return what the page asked."""
    asked = unescape(admin.post(SWITCH).content.decode())
    found = re.search(r"Type ([\d,]+) to go on", asked)
    assert found, asked
    admin.post(SWITCH, {"confirmed": "yes", "number": found[1].replace(",", "")})
    tasks.run_entry(str(JobQueueEntry.objects.get(job=unit_switch.JOB).pk))
    run = Run.objects.filter(job=unit_switch.JOB).latest("pk")
    assert run.status == "Success", run.error_message
    return asked


def groups(sandbox: RunningSandbox) -> set[str]:
    """Return the unit groups of the products that are sold."""
    query = {
        "$filter": "statecode eq 0",
        "$select": "productnumber",
        "$expand": "defaultuomscheduleid($select=name)",
    }
    rows = sandbox.dataverse.get("products", params=query).json()["value"]
    return {row["defaultuomscheduleid"]["name"] for row in rows}


def test_on_and_off_again_nothing_fails_that_did_not_before(
    company: Company, sandbox: RunningSandbox
) -> None:  # E-9.23(a), E-1.93
    admin = signed_in()
    at_first = run_all(company, Mode.FULL)
    products = Coupling.objects.filter(mapping_name__in=unit_groups.PRODUCTS).count()

    asked = switch(admin)
    on = run_all(company, Mode.FULL, Mode.UNCONDITIONAL)

    assert f"sets {products} products in Sales aside" in asked
    assert _records(on) <= _records(at_first), on
    assert not {name for name in groups(sandbox) if name.startswith("NAV ")}
    assert Coupling.objects.filter(mapping_name__in=unit_groups.PRODUCTS).count() == products

    switch(admin)
    off = run_all(company, Mode.FULL, Mode.UNCONDITIONAL)

    assert _records(off) <= _records(at_first), off
    assert all(name.startswith("NAV ") for name in groups(sandbox))
    assert Coupling.objects.filter(mapping_name__in=unit_groups.PRODUCTS).count() == products


def _records(failed: set[str]) -> set[str]:
    return {one.partition(":")[0] for one in failed}


@pytest.fixture
def coupled(connected: Company) -> Company:
    """A company with one product under the model Unit of Measure, while Sales is disabled."""
    SalesConnectionSetup.objects.update(is_enabled=True)
    enabling.apply_choices(connected, now=clock.now())
    SalesConnectionSetup.objects.update(is_enabled=False)
    Coupling.objects.create(
        company=connected,
        mapping_name="ITEM-PRODUCT",
        business_central_id=uuid4(),
        dataverse_id=uuid4(),
    )
    return connected


def test_while_products_are_coupled_the_model_is_no_plain_choice(coupled: Company) -> None:
    admin = signed_in()

    read, edited = (admin.get(f"{SALES}{query}").content.decode() for query in ("", "?edit=1"))
    page = {**form_of(admin, SALES), "unit_of_measure_model": "UnitGroup"}
    saved = admin.post(f"{SALES}save/", page)

    assert "Switch Unit Group Mapping on" in read
    assert "the button beside it says what switching does" in edited
    assert saved.status_code == 302
    assert SalesConnectionSetup.objects.get().unit_of_measure_model == OFF


def test_configure_refuses_another_model_and_saves_nothing(coupled: Company) -> None:
    said = Description(coupled.business_central_id, sales={"unit_of_measure_model": ON})

    with pytest.raises(DescriptionError, match="E-UNIT-GROUP"):
        connecting.connect(said, now=clock.now())

    assert SalesConnectionSetup.objects.get().unit_of_measure_model == OFF


def test_a_model_that_came_another_way_is_refused_when_sales_is_enabled(coupled: Company) -> None:
    SalesConnectionSetup.objects.update(unit_of_measure_model=ON)

    told = signed_in().get(SALES).content.decode()

    assert preconditions.in_the_way(preconditions.check_units(coupled))
    assert "Switch Unit Group Mapping on" in told


def test_an_enabled_connection_is_not_switched(coupled: Company) -> None:
    SalesConnectionSetup.objects.update(is_enabled=True)

    told = signed_in().post(SWITCH, follow=True).content.decode()

    assert "Disable the connection first" in told
    assert not JobQueueEntry.objects.filter(job=unit_switch.JOB).exists()
