"""The convergence property against both systems over HTTPS: 200 sequences, fifty at a time.

A sequence is what people do to one record, on either side, between runs and (in `merging`) while
runs are reading and writing, with answers that get lost. Whatever they do, their last edits end on
both sides, no row is made twice, and a further run writes nothing. The seed is printed; set
CONVERGENCE_SEED to tell the same story again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import requests

from connections.models import Company
from mappings.models import Coupling, IntegrationTableMapping, Intent
from syncjobs.runs.invariants import violations
from syncjobs.runs.report import Report
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action
from tests.connected import connected, trusting
from tests.running_sandbox import RunningSandbox
from tests.seeds import story_seed

__all__ = ["connected", "trusting"]

SEED = story_seed()
SEQUENCES = 50  # of each kind
ROUNDS = 7
FIELDS = {  # Business Central -> Dataverse
    "displayName": "name",
    "city": "address1_city",
    "phoneNumber": "telephone1",
    "postalCode": "address1_postalcode",
}
HOME = {"displayName": 0, "city": 1, "phoneNumber": 1, "postalCode": 0}  # who edits it in `merging`
LOST_ANSWERS = [
    {
        "system": system,
        "method": "POST",
        "path": r"CreateMultiple|\$batch",
        "action": "reset_after_commit",
        "probability": 0.25,
    }
    for system in ("bc", "dataverse")
]


@dataclass
class Sequence:
    """One record: where it is on both sides, and what people gave its fields last."""

    number: int
    ids: list[UUID | None] = field(default_factory=lambda: [None, None])
    wanted: dict[str, str] = field(default_factory=dict)
    side: int | None = None  # where it was edited since the last run


class Story:
    """Fifty records and the people who edit them."""

    def __init__(self, company: Company, sandbox: RunningSandbox, kind: str, seed: int) -> None:
        self.company = company
        self.sandbox = sandbox
        self.kind = kind
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        self.sequences = [Sequence(number) for number in range(SEQUENCES)]
        self.edits = 0

    # People

    def create(self, sequence: Sequence) -> None:
        side, name = self.dice.randrange(2), f"Record {sequence.number}"
        email = f"record{sequence.number}@adatum.example"
        values: dict[str, Any] = {"displayName": name, "email": email}
        if side:
            values = {"name": name, "emailaddress1": email, "customertypecode": 3}
        caller = self.sandbox.dataverse if side else self.sandbox.bc
        headers = {"Prefer": "return=representation"}
        answer = caller.post("accounts" if side else "customers", values, headers=headers)
        made = _accepted(answer).json()
        sequence.ids[side] = UUID(made["accountid" if side else "id"])
        sequence.wanted["displayName"] = name

    def edit(self, sequence: Sequence) -> None:
        name = self.dice.choice(list(FIELDS))
        side = self.dice.randrange(2)
        if self.kind == "alternating" and sequence.side is not None:
            side = sequence.side
        if self.kind == "merging":
            side = HOME[name]
        identity = sequence.ids[side]
        if identity is None:
            return
        self.edits += 1
        value = f"{self.edits:05}"  # digits, so that it is a phone number too
        caller = self.sandbox.dataverse if side else self.sandbox.bc
        table, column = ("accounts", FIELDS[name]) if side else ("customers", name)
        path = f"{table}({identity})"
        _accepted(caller.patch(path, {column: value}, headers={"If-Match": "*"}))
        sequence.wanted[name] = value
        sequence.side = side

    def round(self) -> None:
        """Let people act on some of the records, then run; in `merging` they go on meanwhile."""
        for sequence in self.sequences:
            if not any(sequence.ids):
                if self.dice.random() < 0.5:
                    self.create(sequence)
            elif self.dice.random() < 0.5:
                self.edit(sequence)
        if self.kind == "merging":
            with self._people_at_work(), self._answers_lost():
                self.run()
        else:
            self.run()
        for sequence in self.sequences:
            sequence.side = None

    @contextmanager
    def _people_at_work(self) -> Iterator[None]:
        chosen = self.dice.sample(self.sequences, 10)
        errors: list[BaseException] = []

        def work() -> None:
            try:
                for sequence in chosen:
                    if any(sequence.ids):
                        self.edit(sequence)
            except BaseException as error:  # noqa: BLE001 - told to the test
                errors.append(error)

        people = threading.Thread(target=work)
        people.start()
        yield
        people.join()
        assert errors == []

    @contextmanager
    def _answers_lost(self) -> Iterator[None]:
        seed = self.dice.randrange(10**6)
        self.sandbox.faults([{**fault, "seed": seed} for fault in LOST_ANSWERS])
        yield
        self.sandbox.faults([])

    # The console

    def run(self) -> Report:
        report = synchronize_mapping(self.company, "CUSTOMER", create=True, confirmed=True)
        pairs = list(Coupling.objects.values_list("business_central_id", "dataverse_id"))
        partners = {known: pair for pair in pairs for known in pair}
        for sequence in self.sequences:
            known = next((identity for identity in sequence.ids if identity), None)
            if known in partners:
                sequence.ids = list(partners[known])
        return report

    # What is there

    def rows(self, side: int) -> dict[UUID, dict[str, Any]]:
        """Return the records of a side by id, in Business Central's words."""
        if side:
            columns = ",".join(FIELDS.values())
            rows = self.sandbox.dataverse.get(f"accounts?$select={columns}").json()["value"]
            return {
                UUID(row["accountid"]): {n: row[c] or "" for n, c in FIELDS.items()} for row in rows
            }
        columns = ",".join(FIELDS)
        rows = self.sandbox.bc.get(f"customers?$select=id,{columns}").json()["value"]
        return {UUID(row["id"]): {name: row[name] for name in FIELDS} for row in rows}


def _accepted(answer: requests.Response) -> requests.Response:
    assert answer.ok, answer.text
    return answer


def check(story: Story) -> None:
    here, there = story.rows(0), story.rows(1)
    known = [sequence for sequence in story.sequences if any(sequence.ids)]
    assert len(here) == len(there) == len(known), "a row was made twice, or is missing"
    for sequence in known:
        bc_id, row_id = sequence.ids
        assert bc_id is not None
        assert row_id is not None
        assert here[bc_id] == there[row_id]
        if story.kind != "colliding":
            last = {name: here[bc_id][name] for name in sequence.wanted}
            assert last == sequence.wanted
    assert not Intent.objects.exists()
    assert violations(story.company, "CUSTOMER") == []


@pytest.mark.parametrize(
    ("kind", "resolution"),
    [("alternating", ""), ("merging", "Merge"), ("colliding", "Send"), ("colliding", "Get")],
)
def test_the_last_edits_end_on_both_sides_and_nothing_echoes(
    connected: Company, sandbox: RunningSandbox, kind: str, resolution: str
) -> None:
    print(f"CONVERGENCE_SEED={SEED}")  # noqa: T201 - shown when it fails
    IntegrationTableMapping.objects.filter(name="CUSTOMER").update(
        update_conflict_resolution=resolution
    )
    story = Story(connected, sandbox, kind, SEED)

    for _ in range(ROUNDS):
        story.round()
    story.run()
    story.run()
    sandbox.forget_stats()
    last = story.run()

    assert not any(last.count(a) for a in (Action.INSERTED, Action.MODIFIED, Action.FAILED))
    check(story)
