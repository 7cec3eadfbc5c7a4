"""Whatever people do on both sides, runs in between end with their last edits on both, and rest.

Three kinds of sequences: in `alternating` a record is edited on one side only between two runs,
so the last edit wins whatever the conflict resolution; in `merging` each field has a side where
people edit it, also while runs are reading and writing; in `colliding` anything goes, and one side
wins.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from connections.models import Company
from connections.systems import Record
from mappings.models import Coupling, Intent, PendingCoupling
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.invariants import violations
from syncjobs.terms import Action
from tests.memory import MemorySystem
from tests.seeds import story_seed
from tests.syncjobs.conftest import World

pytestmark = pytest.mark.django_db

SEED = story_seed()
SEQUENCES = 200
BATCHES = 20  # each a test of its own, so that a failure names few sequences
STEPS = 12
FIELDS = {  # Business Central -> Dataverse
    "displayName": "name",
    "city": "address1_city",
    "phoneNumber": "telephone1",
    "postalCode": "address1_postalcode",
}
HOME = {"displayName": 0, "city": 1, "phoneNumber": 1, "postalCode": 0}  # who edits it in `merging`


@dataclass
class Story:
    """What people did, and what they expect to find in the end."""

    world: World
    dice: random.Random
    kind: str
    resolution: str
    # Where each record began: (table, id) -> what its fields were last given, and where.
    wanted: dict[UUID, dict[str, str]] = field(default_factory=dict)
    edited: dict[UUID, int] = field(default_factory=dict)  # on which side since the last run
    dropped: set[UUID] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    number: int = 0

    def token(self) -> str:
        self.number += 1
        return f"V{self.number}"

    @property
    def systems(self) -> tuple[MemorySystem, MemorySystem]:
        return self.world.business_central, self.world.dataverse

    # People

    def create(self) -> None:
        side, name = self.dice.randrange(2), self.token()
        record = self.world.account(name) if side else self.world.customer(name)
        self.wanted[record.id] = {"displayName": name}
        self.edited[record.id] = side
        self.told.append(f"create {name} on {side}")

    def edit(self) -> None:
        pairs = self.pairs()
        if not pairs:
            return
        key, both = self.dice.choice(pairs)
        name = self.dice.choice(list(FIELDS))
        side = HOME[name] if self.kind == "merging" else self.dice.randrange(2)
        if self.kind == "alternating":
            side = self.edited.get(key, side)
        self.edit_one(key, both[side], name, side)

    def edit_one(self, key: UUID, record: Record | None, name: str, side: int) -> None:
        if record is None:
            return
        value = self.token()
        self.systems[side].edit(record, by=None, **{(FIELDS[name] if side else name): value})
        self.wanted[key][name] = value
        self.edited[key] = side
        self.told.append(f"edit {name} of {self.wanted[key]['displayName']} to {value} on {side}")

    def drop(self) -> None:
        pairs = [pair for pair in self.pairs() if all(pair[1])]
        if not pairs or self.dice.random() < 0.6:
            return
        key, both = self.dice.choice(pairs)
        side = self.dice.randrange(2)
        record = both[side]
        assert record is not None
        self.systems[side].drop(record)
        self.dropped.add(key)
        self.told.append(f"drop {self.wanted[key]['displayName']} on {side}")

    def meddle(self) -> None:
        """Edit while the next run is between reading, writing and reading again."""
        if self.kind == "alternating":
            return
        system = self.dice.choice(self.systems)
        moments: list[list[Callable[[], object]]] = [system.before_write, system.after_write]
        self.dice.choice(moments).append(self.edit)

    def lose(self) -> None:
        """Let the answer to the next write be lost."""
        side = self.dice.randrange(2)
        self.systems[side].lost_answers = 1
        self.told.append(f"lose an answer of {side}")

    def run(self) -> None:
        self.told.append("run")
        is_clean = not any(system.lost_answers for system in self.systems)
        self.world.run(create=True, confirmed=True)
        if is_clean:  # else what was edited may not be over yet, and an edit there collides
            self.edited.clear()

    # What is there

    def pairs(self) -> list[tuple[UUID, tuple[Record | None, Record | None]]]:
        """Return the records by the id they were first known by, with both their sides."""
        local = {row.id: row for row in self.world.customers()}
        remote = {row.id: row for row in self.world.accounts()}
        couplings = list(Coupling.objects.values_list("business_central_id", "dataverse_id"))
        result = []
        for bc_id, row_id in couplings:
            key = bc_id if bc_id in self.wanted else row_id
            if key in self.wanted:
                result.append((key, (local.get(bc_id), remote.get(row_id))))
        coupled = {record_id for pair in couplings for record_id in pair}
        for record_id in self.wanted:
            if record_id not in coupled:
                both = local.get(record_id), remote.get(record_id)
                if any(both):
                    result.append((record_id, both))
        return result


def tell(world: World, seed: int) -> Story:
    dice = random.Random(seed)  # noqa: S311 - no secret
    kind = dice.choice(["alternating", "merging", "colliding"])
    resolutions = {
        "alternating": ["", "Send", "Get", "Merge"],
        "merging": ["Merge"],
        "colliding": ["Send", "Get"],
    }
    story = Story(world, dice, kind, dice.choice(resolutions[kind]))
    world.set(
        update_conflict_resolution=story.resolution,
        deletion_conflict_resolution=dice.choice(["", "Restore", "Remove"]),
        synch_only_coupled_records=False,
        sent_up_to=None,
        received_up_to=None,
    )
    acts = [story.create, story.edit, story.edit, story.edit, story.drop, story.run, story.run]
    acts += [story.meddle, story.lose]
    story.create()
    for _ in range(STEPS):
        dice.choice(acts)()
    return story


def settle(story: Story) -> None:
    """Let nobody edit any more, and run until everything has come to rest."""
    for system in story.systems:
        system.before_write.clear()
        system.after_write.clear()
        system.lost_answers = 0
    for _ in range(3):
        story.run()


def check(story: Story) -> None:
    world = story.world
    written = [system.requests["write"] for system in story.systems]
    last = world.run(create=True, confirmed=True)
    assert [system.requests["write"] for system in story.systems] == written, "an echo"
    assert not any(last.count(a) for a in (Action.INSERTED, Action.MODIFIED, Action.COUPLED))
    couplings = list(Coupling.objects.values_list("business_central_id", "dataverse_id"))
    assert len({bc for bc, _ in couplings}) == len({dv for _, dv in couplings}) == len(couplings)
    assert not Intent.objects.exists(), "an intent was left"
    for key, both in story.pairs():
        if key in story.dropped:
            continue
        assert all(both), f"{story.wanted[key]} has no partner"
        check_pair(story, key, both)
    names = [row.values["name"] for row in world.accounts()]
    if not story.dropped:
        assert len(set(names)) == len(names), "a row was made twice"
        assert len(world.accounts()) == len(world.customers()) == len(story.wanted)
    assert violations(world.company, "CUSTOMER", systems=world, now=world.clock) == []


def check_pair(story: Story, key: UUID, both: tuple[Record | None, Record | None]) -> None:
    local, remote = both
    assert local is not None
    assert remote is not None
    for name, column in FIELDS.items():
        here, there = local.values[name], remote.values[column]
        assert (here or None) == there, f"{name}: {here} here, {there} there"
        if story.kind != "colliding" and name in story.wanted[key]:
            assert here == story.wanted[key][name], f"{name}: {here} is not the last edit"


def forget_everything() -> None:
    for model in (Coupling, PendingCoupling, Intent, SynchError, SynchJob):
        model._default_manager.all().delete()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_last_edits_end_on_both_sides_and_nothing_echoes(company: Company, batch: int) -> None:
    for number in range(batch, SEQUENCES, BATCHES):
        seed = SEED * 1000 + number
        print(f"CONVERGENCE_SEED={SEED}, sequence {number}")  # noqa: T201 - shown when it fails
        world = World(company)

        story = tell(world, seed)
        settle(story)

        try:
            check(story)
        except AssertionError as error:
            story.told.append(f"{story.kind}, {story.resolution or 'no resolution'}")
            pytest.fail(f"{error}\n" + "\n".join(story.told))
        forget_everything()
