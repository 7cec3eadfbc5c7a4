"""Carries writes out by the cheapest message that yields an outcome for each record."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from connections.dataverse.bulk import Bulk
from connections.dataverse.metadata import Described
from connections.dataverse.outcomes import Item, Outcomes
from connections.dataverse.parts import Parts
from connections.dataverse.reading import Reader
from connections.dataverse.rows import Bodies
from connections.errors import RecordError
from connections.systems import Create, Delete, Update, Write, Written


class Writing:
    """The writes of one call to one table."""

    def __init__(
        self,
        reader: Reader,
        described: Described,
        me: UUID,
        writes: Sequence[Write],
        columns: Sequence[str],
    ) -> None:
        self.outcomes = Outcomes(reader, described, me, writes, columns)
        self.parts = Parts(self.outcomes)
        self.bulk = Bulk(self.outcomes, self.parts)
        self.bodies = Bodies(described, reader.metadata.entity_set)
        self.writes = writes

    def carry_out(self) -> list[Written]:
        """Write everything and return the outcomes in order."""
        creates: list[Item] = []
        overwrites: list[Item] = []
        guarded: list[Item] = []
        for place, write in enumerate(self.writes):
            item = self._item(place, write)
            if item is None:
                continue
            match write:
                case Create():
                    creates.append(item)
                case Update(guarded=False):
                    overwrites.append(item)
                case Update() | Delete():
                    guarded.append(item)
        # Deletions first: a new record may take the number of one that goes.
        self.parts.send(guarded)
        self.bulk.update(overwrites)
        self.bulk.create(creates)
        return self.outcomes.finish()

    def _item(self, place: int, write: Write) -> Item | None:
        try:
            match write:
                case Create(identity, values):
                    return Item(place, write, identity, self.bodies.members(values))
                case Update(before, values):
                    return Item(place, write, before.id, self.bodies.members(values, before.values))
                case Delete(before):
                    return Item(place, write, before.id, "")
        except RecordError as error:
            self.outcomes.results[place] = Written(error=error)
            return None
