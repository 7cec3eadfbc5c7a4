"""The commands on mappings and couplings: what they print, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from connections.causes import Cause
from connections.errors import TransientError
from connections.models import Company
from connections.systems import Record, Selection, Side
from integration_admin import cells
from integration_admin.management.commandline import MappingCommand
from integration_admin.management.commands import couple, match, retry, synchronize, uncouple
from mappings.models import Coupling, OptionCoupling
from syncjobs.models import Run, SynchJob
from syncjobs.terms import RunStatus
from tests.memory import MemorySystem
from tests.syncjobs.conftest import World
from tests.tables import dataverse_tables

pytestmark = pytest.mark.django_db


def call(world: World, command: MappingCommand, *words: str) -> str:
    """Type a command; return what it printed."""
    command.systems = world
    output = StringIO()
    call_command(command, *words, stdout=output)
    return output.getvalue()


def read(world: World, command: MappingCommand, *words: str) -> Any:
    return json.loads(call(world, command, *words, "--json"))


def refused(world: World, command: MappingCommand, *words: str) -> str:
    """Type a command that cannot run; return its one line."""
    with pytest.raises(CommandError) as refusal:
        call(world, command, *words)
    assert refusal.value.returncode == 2
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_synchronize_prints_the_counters_of_each_direction(world: World) -> None:  # E-3.49
    world.customer()

    content = read(world, synchronize.Command(), "CUSTOMER", "--mode", "full")

    assert content["mapping"] == "CUSTOMER"
    assert [(job["direction"], job["inserted"]) for job in content["jobs"]] == [
        ("to", 1),
        ("from", 0),
    ]
    assert content["jobs"][0]["errors"] == []


def test_synchronize_leaves_a_run_with_its_synch_jobs(world: World) -> None:
    call(world, synchronize.Command(), "CUSTOMER")

    run = Run.objects.get()
    assert run.status == RunStatus.SUCCESS
    assert run.synch_jobs.count() == 2


def test_synchronize_tells_people_in_lines(world: World) -> None:
    world.customer()

    text = call(world, synchronize.Command(), "customer", "--create")

    assert "CUSTOMER, to: Inserted 1" in text
    assert "CUSTOMER, from: nothing to do" in text


def test_failed_records_end_with_status_1(world: World) -> None:
    world.customer(currencyCode="USD")

    with pytest.raises(SystemExit) as ending:
        call(world, synchronize.Command(), "CUSTOMER", "--mode", "full")

    assert ending.value.code == 1


def test_all_mappings_run_in_the_order_of_their_dependencies(world: World) -> None:
    content = read(world, synchronize.Command(), "--all", "--mode", "full")

    names = [report["mapping"] for report in content]
    assert names.index("CURRENCY") < names.index("CUSTOMER") < names.index("CONTACT")
    assert "POSTEDSALESLINE-INV" not in names


def test_one_record_one_way(world: World) -> None:
    customer, account = world.pair()
    world.edit(customer, city="Oslo")

    call(world, synchronize.Command(), "CUSTOMER", "--direction", "to", "--id", str(customer.id))

    assert world.now(account)["address1_city"] == "Oslo"


def test_a_dry_run_writes_nothing(world: World) -> None:
    world.customer()

    content = read(world, synchronize.Command(), "CUSTOMER", "--mode", "full", "--dry-run")

    assert content["jobs"][0]["inserted"] == 1
    assert not world.accounts()
    assert not SynchJob.objects.exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["CUSTOMRE"], "Did you mean CUSTOMER"),
        ([], "Name the mappings, or take all"),
        (["CUSTOMER", "--all"], "Name the mappings, or take all"),
        (["CUSTOMER", "--id", "10000"], "10000 is no id"),
        (["CUSTOMER", "VENDOR", "--id", str(uuid4())], "name that one only"),
        (["CUSTOMER", "--mode", "unconditional"], "needs a direction"),
        (["CUSTOMER", "--company", "Nobody"], "There is no company Nobody"),
    ],
)
def test_what_cannot_run_says_what_to_do(world: World, words: list[str], line: str) -> None:
    assert line in refused(world, synchronize.Command(), *words)


def test_a_filter_that_cannot_be_read_is_said(world: World) -> None:
    world.set(table_filter=[["nonsense"]])

    assert "cannot be read" in refused(world, synchronize.Command(), "CUSTOMER")


class Away(MemorySystem):
    """A system that is being looked after and answers nobody."""

    def read(self, selection: Selection) -> Iterator[list[Record]]:
        message = f"{selection.table} is not available."
        raise TransientError(message, cause=Cause.UNAVAILABLE)


@pytest.mark.parametrize("names", [["CUSTOMER"], ["CUSTOMER", "VENDOR"]])
def test_a_system_that_is_away_is_one_line_with_what_to_do(world: World, names: list[str]) -> None:
    world.dataverse = Away(Side.DATAVERSE, dataverse_tables(), world.clock)

    line = refused(world, synchronize.Command(), *names)

    assert "is not available. Start the command again" in line
    assert line.endswith("(E-UNAVAILABLE)")
    assert Run.objects.get().status == RunStatus.ERROR
    job = SynchJob.objects.get(broke_off=True)
    assert "Broke off" in cells.outcome(job.failed, broke_off=job.broke_off)


def test_several_companies_must_be_told_apart(world: World) -> None:
    Company.objects.create(name="OTHER", business_central_id=uuid4())

    assert "--company: CRONUS, OTHER" in refused(world, synchronize.Command(), "CUSTOMER")
    call(world, synchronize.Command(), "CUSTOMER", "--company", "cronus")


def test_couple_takes_a_number_or_an_id(world: World) -> None:
    customer, account = world.customer(number="10000"), world.account()

    content = read(world, couple.Command(), "CUSTOMER", "10000", str(account.id))

    assert content == {
        "mapping": "CUSTOMER",
        "bc_id": str(customer.id),
        "dataverse_id": str(account.id),
    }
    assert Coupling.objects.get().dataverse_id == account.id


def test_couple_maps_a_code_to_an_option(world: World) -> None:
    world.business_central.add("paymentTerms", code="14 DAYS")

    call(world, couple.Command(), "PAYMENT TERMS", "14 DAYS", "1")

    assert OptionCoupling.objects.get().option_value == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["CUSTOMER", "99999", str(uuid4())], "There is no Customer 99999"),
        (["PAYMENT TERMS", "14 DAYS", "77"], "There is no option 77"),
    ],
)
def test_couple_refuses_what_is_not_there(world: World, words: list[str], line: str) -> None:
    world.business_central.add("paymentTerms", code="14 DAYS")

    assert line in refused(world, couple.Command(), *words)


def test_uncouple_counts_under_a_job_of_its_own(world: World) -> None:
    customer, account = world.pair()

    content = read(world, uncouple.Command(), "CUSTOMER", str(account.id))

    assert content["jobs"][0]["uncoupled"] == 1
    assert content["jobs"][0]["modified"] == 1
    assert not Coupling.objects.exists()
    assert world.now(account)["bcbi_companyid"] is None
    assert customer.id in {row.id for row in world.customers()}


def test_match_couples_and_reports_the_rest(world: World) -> None:
    world.customer(email="a@x.com")
    world.customer(email="b@x.com")
    world.account(emailaddress1="a@x.com")

    with pytest.raises(SystemExit):
        call(world, match.Command(), "CUSTOMER")

    assert Coupling.objects.count() == 1


def test_retry_wakes_what_was_skipped(world: World) -> None:
    world.pair()
    Coupling.objects.update(skipped=True)

    assert read(world, retry.Command(), "CUSTOMER") == {"retried": 1}
    assert not Coupling.objects.get().skipped


def test_retry_of_everything(world: World) -> None:
    world.pair()
    Coupling.objects.update(skipped=True)

    assert "1 skipped record(s)" in call(world, retry.Command(), "--all")
