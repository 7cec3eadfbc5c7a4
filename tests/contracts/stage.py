"""Where a contract is tested: a system, people who work in it, and the words it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from connections.systems import Record, Selection, Side, System, Value
from tests.memory import MemorySystem
from tests.tables import business_central_tables, dataverse_tables

ME = UUID("0c0ffee0-0000-4000-8000-000000000001")


class People(Protocol):
    """Somebody who works in the system by hand, and is not the integration user."""

    def add(self, table: str, values: Mapping[str, Value]) -> UUID: ...

    def edit(self, table: str, identity: UUID, values: Mapping[str, Value]) -> None: ...

    def drop(self, table: str, identity: UUID) -> None: ...

    def wait(self) -> None:
        """Let so much time pass that the next change bears a later time."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A system under contract, its customers' table, and the columns the tests speak of."""

    system: System
    people: People
    requests: Callable[[], int]  # how many the system has sent so far
    table: str
    name: str
    code: str
    city: str
    email: str
    empty: Value  # what a text without content reads as

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name, self.code, self.city, self.email)

    def selection(self, **changes: object) -> Selection:
        wanted: dict[str, object] = {"table": self.table, "columns": self.columns, **changes}
        return Selection(**wanted)  # type: ignore[arg-type]

    def add(self, name: str, **values: Value) -> UUID:
        """Let a person add a customer; `city=`, `email=` and `code=` in any system's words."""
        named = {getattr(self, word): value for word, value in values.items()}
        return self.people.add(self.table, {self.name: name, **named})

    def edit(self, identity: UUID, **values: Value) -> None:
        named = {getattr(self, word): value for word, value in values.items()}
        self.people.edit(self.table, identity, named)

    def drop(self, identity: UUID) -> None:
        self.people.drop(self.table, identity)

    def get(self, identity: UUID) -> Record:
        return self.system.get(self.table, [identity], self.columns)[identity]

    def values(self, name: str, **values: Value) -> dict[str, Value]:
        return {self.name: name, **{getattr(self, word): v for word, v in values.items()}}


class PeopleInMemory:
    """People of a system in memory."""

    def __init__(self, system: MemorySystem) -> None:
        self.system = system

    def add(self, table: str, values: Mapping[str, Value]) -> UUID:
        given: dict[str, Any] = dict(values)
        return self.system.add(table, **given).id

    def edit(self, table: str, identity: UUID, values: Mapping[str, Value]) -> None:
        given: dict[str, Any] = dict(values)
        self.system.edit(self.system.rows[table][identity], **given)

    def drop(self, table: str, identity: UUID) -> None:
        self.system.drop(self.system.rows[table][identity])

    def wait(self) -> None:
        self.system.clock.advance(timedelta(seconds=2))


def memory_business_central() -> Stage:
    return business_central(*_memory(Side.BUSINESS_CENTRAL))


def memory_dataverse() -> Stage:
    return dataverse(*_memory(Side.DATAVERSE))


def _memory(side: Side) -> tuple[MemorySystem, People, Callable[[], int]]:
    is_dataverse = side == Side.DATAVERSE
    tables = dataverse_tables() if is_dataverse else business_central_tables()
    system = MemorySystem(side, tables, me=ME if is_dataverse else None)
    return system, PeopleInMemory(system), system.requests.total


def business_central(system: System, people: People, requests: Callable[[], int]) -> Stage:
    """Set the stage for Business Central's customers."""
    return Stage(
        system,
        people,
        requests,
        table="customers",
        name="displayName",
        code="number",
        city="city",
        email="email",
        empty="",
    )


def dataverse(system: System, people: People, requests: Callable[[], int]) -> Stage:
    """Set the stage for Dataverse's accounts."""
    return Stage(
        system,
        people,
        requests,
        table="account",
        name="name",
        code="accountnumber",
        city="address1_city",
        email="emailaddress1",
        empty=None,
    )
