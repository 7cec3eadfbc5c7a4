"""What a run of a mapping is asked to do, and what it may do therefore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs.engine.change import Rules
from syncjobs.terms import Mode, Trigger


@dataclass(frozen=True, slots=True)
class Order:
    """What a run of a mapping was asked to do."""

    mode: Mode = Mode.MODIFIED
    directions: tuple[Direction, ...] | None = None
    ids: tuple[UUID, ...] | None = None
    create: bool = False
    confirmed: bool = False  # a person said yes to a mass change, however large
    agreed: int = 0  # or to so many changes of coupled records
    forced: bool = False  # E-3.16
    restore: bool = False  # what was deleted on the other side is created again (E-4.49)
    trigger: Trigger = Trigger.SCHEDULE
    also: Mapping[Direction, tuple[UUID, ...]] = field(default_factory=dict)  # found by a sweep

    def parameters(self) -> dict[str, Any]:
        """Return what a job queue entry says to order the same of a mapping once more."""
        given: dict[str, Any] = {"mode": self.mode}
        if self.directions:
            given["directions"] = list(self.directions)
        if self.create:
            given["create"] = True
        return given

    def rules(self, row: IntegrationTableMapping) -> Rules:
        """Return what the phases may do (design.md 7).

        Records named for both directions are planned as always, so that the newer side wins;
        for one direction that side is sent as it is (E-3.16, E-3.86).
        """
        is_one_way = row.direction != Direction.BIDIRECTIONAL or len(self.directions or ()) == 1
        unconditional = self.mode == Mode.UNCONDITIONAL
        return Rules(
            create_missing=self.create or (self.ids is None and self.mode != Mode.MODIFIED),
            force=self.forced or unconditional or (self.ids is not None and is_one_way),
            write_unchanged=unconditional,
            single=self.ids is not None,
            restore=self.restore,
        )
