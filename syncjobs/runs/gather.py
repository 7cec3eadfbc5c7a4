"""Reads a page of records and everything needed to decide about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from connections.systems import (
    Condition,
    Lookup,
    Operator,
    Record,
    Selection,
    Side,
    System,
    Value,
)
from mappings import couplings
from mappings.spec import DirectedMapping, FieldTransfer, Link
from mappings.transformations import TransformationError
from syncjobs.engine.change import Batch, Candidates, Insert, Rules
from syncjobs.engine.entities import Entity, entity_of
from syncjobs.engine.facts import Facts
from syncjobs.engine.matching import match
from syncjobs.runs.context import Context
from syncjobs.runs.lore import lore_of
from syncjobs.runs.page import Page


class Gatherer:
    """One direction of one mapping, as far as reading goes."""

    def __init__(self, context: Context, mapping: DirectedMapping, rules: Rules) -> None:
        self.context = context
        self.mapping = mapping
        self.rules = rules
        self.entity: Entity = entity_of(mapping)
        # Conditions of the filter that a coupled record may leave it by, and the others (E-3.93).
        self.state = self._state()
        self.beyond_state = tuple(c for c in mapping.source_filter if c not in self.state)
        self.source: System = context.system(mapping.source_side)
        other = (
            Side.DATAVERSE
            if mapping.source_side == Side.BUSINESS_CENTRAL
            else Side.BUSINESS_CENTRAL
        )
        self.destination: System = context.system(other)
        self.source_columns = self._columns(mapping.source_side)
        self.destination_columns = self._columns(other)

    def _state(self) -> tuple[Condition, ...]:
        column = self.entity.departs_by.get(self.mapping.source_side)
        return tuple(
            condition
            for condition in self.mapping.source_filter
            if condition.column == column and condition.operator == Operator.EQ
        )

    def _columns(self, side: Side) -> tuple[str, ...]:
        """Return the mapped columns of a side, and those that its entity reads besides."""
        mapping, is_source = self.mapping, side == self.mapping.source_side
        named = [
            (field.source.name if field.source else "") if is_source else field.destination.name
            for field in mapping.fields
        ]
        matched = [c.source if is_source else c.destination for c in mapping.criteria]
        filtered = [c.column for c in mapping.source_filter] if is_source else []
        filtered += [name.removesuffix("type") for name in filtered]
        known = self.context.system(side).describe(
            mapping.source_table if is_source else mapping.destination_table
        )
        wanted = [
            *named,
            *matched,
            *filtered,
            *self.entity.also_reads.get(side, ()),
            *known.natural_key,
        ]
        if known.name_column:
            wanted.append(known.name_column)
        return tuple(dict.fromkeys(name for name in wanted if name in known.columns))

    def selection(self) -> Selection:
        """Return the source records in the mapping's filter, whenever they changed."""
        return Selection(self.mapping.source_table, self.source_columns, self.mapping.source_filter)

    def reread(self, ids: Collection[UUID]) -> list[Record]:
        """Return source records as they are now; those that are gone are left out."""
        found = self.source.get(self.mapping.source_table, list(ids), self.source_columns)
        return list(found.values())

    def batch(
        self, sources: Sequence[Record], refused: Mapping[UUID, Insert] = MappingProxyType({})
    ) -> Batch:
        """Gather one page: a constant number of queries and requests.

        `refused` holds, by source, creations whose id is there already.
        """
        mapping = self.mapping
        ids = [record.id for record in sources]
        links = couplings.links(self.context.company, mapping, ids)
        wanted = [link.destination_id for link in links.values() if not link.skipped]
        destinations = (
            self.destination.get(mapping.destination_table, wanted, self.destination_columns)
            if wanted
            else {}
        )
        parked = self._parked([record_id for record_id in ids if record_id not in links])
        waiting = frozenset(record_id for record_id, skipped in parked.items() if not skipped)
        strangers = [r for r in sources if r.id not in links and not parked.get(r.id)]
        facts = self._facts(sources, links, destinations)
        candidates = self._candidates(strangers, waiting, facts)
        adopted = self._adopted(refused, facts)
        partners = [
            *destinations.values(),
            *(c.one for c in (candidates | adopted).values() if c.one),
        ]
        return Batch(
            sources=tuple(sources),
            links=links,
            destinations=destinations,
            references=self._references(sources, partners),
            facts=facts,
            candidates=candidates | adopted,
            set_aside=frozenset(record_id for record_id, skipped in parked.items() if skipped),
            waiting=waiting,
            incarnations={i: refused[i].incarnation + 1 for i in set(refused) - set(adopted)},
        )

    def _parked(self, ids: Collection[UUID]) -> dict[UUID, bool]:
        """Return which of these uncoupled records failed before, and whether they are skipped."""
        if not ids:
            return {}
        parked = couplings.parked(self.context.company, self.mapping)
        rows = parked.filter(record_id__among=ids)
        return dict(rows.values_list("record_id", "skipped"))

    def _adopted(self, refused: Mapping[UUID, Insert], facts: Facts) -> dict[UUID, Candidates]:
        """Return destinations that an earlier creation of ours left and nobody else has taken."""
        if not refused:
            return {}
        ids = [change.id for change in refused.values()]
        table, columns = self.mapping.destination_table, self.destination_columns
        found = self.destination.get(table, ids, columns)
        _, destination = couplings.sides(self.mapping.direction)
        taken = couplings.coupled(self.context.company, self.mapping.name, destination, ids)
        return {
            source_id: Candidates(one=found[change.id])
            for source_id, change in refused.items()
            if change.id in found
            and change.id not in taken
            and self.entity.may_adopt(self.mapping, change.source, found[change.id], facts)
        }

    def _facts(
        self,
        sources: Sequence[Record],
        links: Mapping[UUID, Link],
        destinations: Mapping[UUID, Record],
    ) -> Facts:
        world = self.context.world()
        overtaken = self._overtaken(links, destinations)
        facts = Facts(
            namespace=self.context.namespace,
            company=world.company,
            team=world.team,
            owned_by_person=self.context.owned_by_person,
            local_currency=world.local_currency,
            currency_precision=world.currency_precision,
            overtaken=overtaken,
            agreed=couplings.agreed(self.context.company, self.mapping, overtaken)
            if self.mapping.shared and overtaken
            else {},
        )
        columns = self.destination_columns
        page = Page(self.context, self.mapping, sources, links, columns, self.rules)
        return replace(facts, **lore_of(page))

    def _overtaken(
        self, links: Mapping[UUID, Link], destinations: Mapping[UUID, Record]
    ) -> frozenset[UUID]:
        """Return the sources whose destination changed meanwhile; a forced run does not care."""
        if self.rules.force or not self.mapping.two_way:
            return frozenset()
        return frozenset(
            source_id
            for source_id, link in links.items()
            if link.destination_id in destinations
            and link.is_overtaken_by(destinations[link.destination_id])
        )

    # References

    def _references(
        self, sources: Sequence[Record], destinations: Sequence[Record]
    ) -> dict[tuple[str, Value], Value]:
        peers = self.context.peers()
        codes: dict[str, set[str]] = defaultdict(set)
        rows: dict[str, set[UUID]] = defaultdict(set)
        options: dict[str, set[Value]] = defaultdict(set)
        for field in self.mapping.fields:
            peer = peers.get(field.refers_to)
            if peer is None or field.source is None:
                continue
            values = {*_named(sources, field), *_held(destinations, field)}
            if peer.is_option:
                options[peer.name] |= values
                continue
            codes[peer.name].update(value for value in values if isinstance(value, str))
            rows[peer.name].update(value.id for value in values if isinstance(value, Lookup))
        tables = {peer.name: peer.integration_table for peer in peers.values()}
        wanted = couplings.Wanted(tables, codes, rows, options)
        found = couplings.references(self.context.company, wanted)
        self._add_local_currency(found)
        return found

    def _add_local_currency(self, found: dict[tuple[str, Value], Value]) -> None:
        """E-3.58: blank is LCY in Business Central, and a row like others in Dataverse."""
        world = self.context.world()
        if world.local_currency is None:
            return
        for peer in self.context.peers().values():
            if peer.integration_table != "transactioncurrency":
                continue
            found[peer.name, ""] = world.local_currency
            found[peer.name, world.local_currency] = ""
            found.setdefault((peer.name, world.local_currency_code), world.local_currency)

    # Match-based coupling

    def _candidates(
        self, uncoupled: Sequence[Record], waiting: Collection[UUID], facts: Facts
    ) -> dict[UUID, Candidates]:
        """Couple before creating: look for the record on the other side first (E-3.24, E-4.30)."""
        mapping = self.mapping
        creates = self.rules.create_missing or not mapping.synch_only_coupled_records
        if not (creates or self.entity.couples_by_key):
            uncoupled = [record for record in uncoupled if record.id in waiting]
        if self.entity.finds_twins:
            return self._untaken(
                {r.id: facts.twins[r.id] for r in uncoupled if r.id in facts.twins}
            )
        if not uncoupled or not mapping.criteria:
            return {}
        return self.candidates(uncoupled)

    def _untaken(self, twins: Mapping[UUID, Record]) -> dict[UUID, Candidates]:
        """Leave out the rows that are coupled already, and those that two records lay claim to."""
        if not twins:
            return {}
        claims = Counter(row.id for row in twins.values())
        _, destination = couplings.sides(self.mapping.direction)
        taken = couplings.coupled(
            self.context.company, self.mapping.name, destination, list(claims)
        )
        return {
            source_id: Candidates(one=row)
            for source_id, row in twins.items()
            if row.id not in taken and claims[row.id] == 1
        }

    def candidates(self, uncoupled: Sequence[Record]) -> dict[UUID, Candidates]:
        """Return what uncoupled source records match; one request a priority."""
        mapping = self.mapping
        selection = Selection(
            mapping.destination_table, self.destination_columns, mapping.destination_filter
        )
        found: dict[int, list[Record]] = {}
        for priority in sorted({criterion.priority for criterion in mapping.criteria}):
            first = next(c for c in mapping.criteria if c.priority == priority)
            values = {record.values.get(first.source) for record in uncoupled} - {None, ""}
            if values:
                found[priority] = self.destination.find(selection, first.destination, values)
        ids = {row.id for rows in found.values() for row in rows}
        _, destination = couplings.sides(mapping.direction)
        taken = couplings.coupled(self.context.company, mapping.name, destination, ids)
        return match(uncoupled, found, mapping.criteria, taken)


def _named(sources: Sequence[Record], field: FieldTransfer) -> Iterator[Value]:
    """Yield what a field of source records refers to, as the transfer will look it up."""
    assert field.source is not None
    for value in {record.values.get(field.source.name) for record in sources}:
        if value in (None, ""):
            continue
        yield value
        if isinstance(value, str):
            text = _transformed(value, field)
            yield text
            yield text.strip().upper()


def _transformed(value: str, field: FieldTransfer) -> str:
    if field.transformation is None:
        return value
    try:
        return field.transformation.apply(value)
    except TransformationError:
        return value  # the record will fail for it


def _held(destinations: Sequence[Record], field: FieldTransfer) -> Iterator[Value]:
    values = {record.values.get(field.destination.name) for record in destinations}
    yield from values - {None, ""}
