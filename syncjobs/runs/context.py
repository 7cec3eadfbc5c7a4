"""What every run of a company needs at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from connections.models import Company
from connections.systems import Side, System
from mappings.models import IntegrationTableMapping
from syncjobs.runs.world import World, WorldReader


class Progress(Protocol):
    """Whom a run reports to; also where it learns that it must stop."""

    def start(self, step: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...

    def log(self, text: str) -> None: ...

    def check(self) -> None:
        """Raise if the run was cancelled or is no longer ours."""
        ...

    def confirm(self) -> None:
        """Raise if the run is no longer ours; called within the transaction that remembers."""
        ...

    def at(self, point: str) -> None:
        """Pass a point at which a crash would matter."""
        ...


class Silent:
    """Nobody listens and nobody interferes."""

    def start(self, step: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...

    def log(self, text: str) -> None: ...

    def check(self) -> None: ...

    def confirm(self) -> None: ...

    def at(self, point: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Inner:
    """A run within a run: it must stop when the outer one must, and leaves its progress alone.

    It holds a lease of its own, which it must still have when it remembers.
    """

    outer: Progress
    still_ours: Callable[[], None]

    def start(self, step: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...

    def log(self, text: str) -> None:
        self.outer.log(text)

    def check(self) -> None:
        self.outer.check()

    def confirm(self) -> None:
        self.outer.confirm()
        self.still_ours()

    def at(self, point: str) -> None:
        self.outer.at(point)


@dataclass(frozen=True, slots=True)
class Peer:
    """What a reference needs to know of the mapping it refers to."""

    name: str
    table: str
    integration_table: str
    is_option: bool


@dataclass(slots=True)
class Context:
    """A company, its two systems, its clock, and who listens."""

    company: Company
    business_central: System
    dataverse: System
    clock: Callable[[], datetime]
    progress: Progress = field(default_factory=Silent)
    owned_by_person: bool = True
    plans_only: bool = False  # a preview, which writes nothing anywhere
    with_sales: bool = True  # Dynamics 365 Sales is connected, not Dataverse only
    run_id: int | None = None  # the execution that synch. jobs belong to
    # What was asked once for the whole run; runs within it share it.
    memo: dict[str, Any] = field(default_factory=dict)
    _world: World | None = None
    _peers: Mapping[str, Peer] | None = None

    def system(self, side: Side) -> System:
        return self.business_central if side == Side.BUSINESS_CENTRAL else self.dataverse

    @property
    def namespace(self) -> UUID:
        return self.company.business_central_id

    def world(self) -> World:
        """Return what is true for the whole company; asked for once, when first needed."""
        if self._world is None:
            reader = WorldReader(
                self.company,
                self.business_central,
                self.dataverse,
                self.clock,
                creates=not self.plans_only,
            )
            self._world = reader.read()
        return self._world

    def peers(self) -> Mapping[str, Peer]:
        """Return the company's mappings by name, as references see them; one query a run."""
        if self._peers is None:
            rows = IntegrationTableMapping.objects.filter(company=self.company)
            self._peers = {
                row.name: Peer(row.name, row.table, row.integration_table, row.kind == "Option")
                for row in rows
            }
        return self._peers
