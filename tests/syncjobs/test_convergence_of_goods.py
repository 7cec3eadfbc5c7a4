"""Whatever people do to items, products and prices, runs end with their last edits, and rest.

Between two runs a record is edited on one side only; answers get lost, and prices of the
automatic list are edited by hand, which is put back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from connections.errors import TransientError
from connections.models import Company
from connections.systems import Lookup, Record, Value
from mappings.models import AutomaticPriceList, Coupling, Intent, PendingCoupling
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.invariants import violations
from tests.seeds import story_seed
from tests.syncjobs.conftest import World

pytestmark = pytest.mark.django_db

SEED = story_seed()
SEQUENCES, BATCHES, STEPS = 60, 12, 14
KINDS = {"items": ("ITEM-PRODUCT", 1), "resources": ("RESOURCE-PRODUCT", 3)}
ORDER = ("RESOURCE-PRODUCT", "ITEM-PRODUCT", "CUSTPRCGRP-PRICE", "SALESPRC-PRODPRICE")


@dataclass
class Story:
    """What people did, and what they expect to find in the end."""

    world: World
    dice: random.Random
    wanted: dict[UUID, dict[str, Value]] = field(default_factory=dict)  # by item or resource
    side: dict[UUID, int] = field(default_factory=dict)  # where it was edited since the last run
    prices: dict[UUID, Decimal] = field(default_factory=dict)  # by sales price
    told: list[str] = field(default_factory=list)
    number: int = 0

    def token(self) -> int:
        self.number += 1
        return self.number

    def create(self) -> None:
        table, number = self.dice.choice(list(KINDS)), self.token()
        wanted: dict[str, Any] = {
            "displayName": f"Thing {number}",
            "unitPrice": Decimal(number),
            "blocked": False,
        }
        record = self.world.business_central.add(
            table, number=f"N{number}", baseUnitOfMeasureCode="PCS", **wanted
        )
        self.wanted[record.id] = wanted
        self.side[record.id] = 0
        self.told.append(f"create {table} N{number}")
        if table == "items":
            self._price(f"N{number}")

    def _price(self, number: str) -> None:
        price = self.world.business_central.add(
            "salesPrices",
            itemNumber=number,
            salesType="Customer Price Group",
            salesCode="RETAIL",
            unitOfMeasureCode="PCS",
            currencyCode="",
            unitPrice=Decimal(7),
        )
        self.prices[price.id] = Decimal(7)

    def edit(self) -> None:
        """Change a name, a price or the state, on the side where the record was edited last."""
        pairs = self.pairs()
        if not pairs:
            return
        record, row = self.dice.choice(pairs)
        side = self.side.get(record.id, self.dice.randrange(2))
        column = self.dice.choice(["displayName", "blocked", *(["unitPrice"] if not side else [])])
        wanted = self.wanted[record.id]
        number = self.token()
        values: dict[str, Value] = {
            "displayName": f"Name {number}",
            "unitPrice": Decimal(number),
            "blocked": not wanted["blocked"],
        }
        value = values[column]
        if side == 0:
            self.world.edit(record, **{column: value})
        elif column == "blocked":
            self.world.edit(row, statecode=1 if value else 0)
        else:
            self.world.edit(row, name=value)
        wanted[column] = value
        self.side[record.id] = side
        self.told.append(f"{column} of {record.values['number']} to {value} on {side}")

    def edit_price(self) -> None:
        if not self.prices:
            return
        key = self.dice.choice(list(self.prices))
        price = self.world.business_central.rows["salesPrices"][key]
        self.prices[key] = Decimal(self.token())
        self.world.edit(price, unitPrice=self.prices[key])
        self.told.append(f"price of {price.values['itemNumber']} to {self.prices[key]}")

    def meddle(self) -> None:
        """Edit a price of the automatic list by hand."""
        lines = [line for line in self.world.dataverse.all("productpricelevel") if _of(line)]
        if lines:
            self.world.edit(self.dice.choice(lines), amount=Decimal("0.5"))
            self.told.append("meddle with the automatic list")

    def lose(self) -> None:
        system = self.dice.choice([self.world.business_central, self.world.dataverse])
        system.lost_answers = 1
        self.told.append(f"lose an answer of {system.side}")

    def run(self) -> None:
        self.told.append("run")
        systems = (self.world.business_central, self.world.dataverse)
        is_clean = not any(system.lost_answers for system in systems)
        for name in ORDER:
            self.world.run(name, create=True, confirmed=True)
        if is_clean:  # else what was edited may not be over yet, and an edit there collides
            self.side.clear()

    def pairs(self) -> list[tuple[Record, Record]]:
        """Return the coupled items and resources with their products."""
        found = []
        for table, (name, _) in KINDS.items():
            for bc, dv in Coupling.objects.filter(mapping_name=name).values_list(
                "business_central_id", "dataverse_id"
            ):
                local = self.world.business_central.rows.get(table, {}).get(bc)
                remote = self.world.dataverse.rows.get("product", {}).get(dv)
                if local and remote:
                    found.append((local, remote))
        return found


def _of(line: Record) -> bool:
    kept = AutomaticPriceList.objects.first()
    lookup = line.values["pricelevelid"]
    return bool(kept and isinstance(lookup, Lookup) and lookup.id == kept.dataverse_id)


def tell(world: World, seed: int) -> Story:
    story = Story(world, random.Random(seed))  # noqa: S311 - no secret
    world.business_central.add("unitsOfMeasure", code="PCS")
    world.business_central.add("customerPriceGroups", code="RETAIL", displayName="Retail")
    world.run("UNIT OF MEASURE", create=True)
    acts = [story.create, story.edit, story.edit, story.edit, story.edit_price]
    acts += [story.meddle, story.lose, story.run, story.run]
    story.create()
    for _ in range(STEPS):
        try:
            story.dice.choice(acts)()
        except TransientError as error:  # the run is tried again
            story.told.append(f"stopped: {error}")
    return story


def settle(story: Story) -> None:
    for system in (story.world.business_central, story.world.dataverse):
        system.lost_answers = 0
    for _ in range(3):
        story.run()


def check(story: Story) -> None:
    world = story.world
    systems = (world.business_central, world.dataverse)
    written = [system.requests["write"] for system in systems]
    story.run()
    assert [system.requests["write"] for system in systems] == written, "an echo"
    assert len(story.pairs()) == len(story.wanted) == len(world.dataverse.all("product"))
    assert not Intent.objects.exists(), "an intent was left"
    amounts = {
        line.values["productid"]: line.values["amount"]
        for line in world.dataverse.all("productpricelevel")
        if _of(line)
    }
    for local, remote in story.pairs():
        wanted = story.wanted[local.id]
        assert {name: local.values[name] for name in wanted} == wanted
        assert remote.values["name"] == wanted["displayName"]
        assert remote.values["price"] == wanted["unitPrice"]
        assert remote.values["statecode"] == (1 if wanted["blocked"] else 0)
        if not wanted["blocked"]:
            assert amounts[Lookup("product", remote.id)] == wanted["unitPrice"]
    for key, amount in story.prices.items():
        coupling = Coupling.objects.filter(business_central_id=key).first()
        if coupling is None:
            continue  # its item is blocked or was never in Sales
        row = world.dataverse.rows["productpricelevel"][coupling.dataverse_id]
        failed = coupling.last_synch_crm_result == "Failure"  # its product is retired
        assert failed or row.values["amount"] == amount
    for name in ORDER[:2]:
        assert violations(world.company, name, systems=world, now=world.clock) == []


def forget_everything() -> None:
    models = (Coupling, PendingCoupling, Intent, SynchError, SynchJob, AutomaticPriceList)
    for model in models:
        model._default_manager.all().delete()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_last_edits_of_goods_end_on_both_sides_and_nothing_echoes(
    company: Company, batch: int
) -> None:
    for number in range(batch, SEQUENCES, BATCHES):
        seed = SEED * 1000 + number
        print(f"CONVERGENCE_SEED={SEED}, sequence {number}")  # noqa: T201 - shown when it fails
        company.mappings.update(sent_up_to=None, received_up_to=None)
        story = tell(World(company), seed)
        settle(story)
        try:
            check(story)
        except AssertionError as error:
            pytest.fail(f"{error}\n" + "\n".join(story.told))
        forget_everything()
