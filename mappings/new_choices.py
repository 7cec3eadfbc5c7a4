"""What other choices on the set-up pages move in the mappings that are there (E-9.17, E-1.86).

The defaults are a function of the choices. What differs between the defaults of the choices that a
mapping was made for and those of now is moved; what an administrator changed stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from audit import trail
from audit.terms import Act
from connections.models import Company
from mappings import reset
from mappings.models import IntegrationFieldMapping, IntegrationTableMapping
from mappings.reset import MappingValues, ResetSummary
from mappings.setup_choices import SetupChoices
from mappings.terms import FieldStatus

# Without its choice nobody reads it, so that one which an administrator changed may stay. Mappings
# that another one takes the place of must not: two would carry the same records.
MAY_STAY = frozenset({"SALESPEOPLE"})
APART = 10_000  # positions are unique while lines are numbered anew


@dataclass(frozen=True, slots=True)
class Line:
    """A field mapping as it is to be; without a row it is new."""

    facts: Mapping[str, Any]
    row: IntegrationFieldMapping | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return (
            self.facts["field"],
            self.facts["integration_field"],
            self.facts["constant_value"],
        )

    def __str__(self) -> str:
        return f"{self.key[0] or self.key[2]} → {self.key[1] or self.key[2]}"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a mapping becomes, and what of it stays though the choices would change it."""

    settings: Mapping[str, Any]
    lines: tuple[Line, ...]
    stays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What other choices would change, by name of mapping."""

    moved: Mapping[str, Moved]
    created: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    customised: tuple[str, ...] = ()  # of the removed ones: those whose changes are lost
    stays: tuple[str, ...] = ()  # what an administrator changed and the choices would not leave


def preview(company: Company, *, choices: SetupChoices | None = None) -> Plan:
    """Return what the choices of now, or those that are named, would move."""
    present = IntegrationTableMapping.objects.filter(company=company).prefetch_related("fields")
    return plan(list(present), choices or reset.choices_of(company))


@transaction.atomic
def apply(company: Company, *, by: AbstractBaseUser | None = None) -> ResetSummary:
    """Bring the mappings to the choices of now: create, move and remove; again nothing changes.

    Mappings of Sales stay also while Sales is disabled (E-9.25).
    """
    choices = reset.choices_of(company)
    rows = IntegrationTableMapping.objects.filter(company=company).prefetch_related("fields")
    present = {row.name: row for row in rows}
    steps = plan(list(present.values()), choices)
    for name, moved in steps.moved.items():
        _move(present[name], moved, company, by)
    keep = [name for name in present if name not in steps.removed]
    summary = reset.use_default_synchronization_setup(company, choices=choices, keep=keep, by=by)
    # What stays without its choice is still that of the choice it had.
    current = [name for name in keep if name in reset.defaults_of(choices.with_sales)]
    rows.filter(name__in=current).update(made_for=choices.kept)
    return replace(
        summary,
        moved=tuple(steps.moved),
        stays=steps.stays,
        kept=tuple(name for name in summary.kept if name not in steps.moved),
    )


# Planning


def plan(present: Sequence[IntegrationTableMapping], choices: SetupChoices) -> Plan:
    """Plan what moves. No query, no clock."""
    rows = {row.name: row for row in present}
    wanted = reset.defaults_of(choices.with_sales)
    moved: dict[str, Moved] = {}
    removed, customised, stays = [], [], []
    for name, row in rows.items():
        if row.user_defined:
            continue
        was = reset.defaults_of(SetupChoices.from_kept(row.made_for)).get(name)
        if name not in wanted:
            removed.append(name)
            if was is not None and reset.is_now(row) != was:
                customised.append(name)
        elif was is not None and was != wanted[name]:
            moved[name] = _merged(row, was, wanted[name])
            stays += [f"{name}: {what}" for what in moved[name].stays]
    kept = {name for name in removed if name in MAY_STAY and name in customised}
    kept |= MAY_STAY & set(removed) & _referred_to(rows, moved)
    return Plan(
        moved=moved,
        created=tuple(name for name in reset.defaults_of(choices) if name not in rows),
        removed=tuple(name for name in removed if name not in kept),
        customised=tuple(name for name in customised if name not in kept),
        stays=(*sorted(kept), *stays),
    )


def _referred_to(
    rows: Mapping[str, IntegrationTableMapping], moved: Mapping[str, Moved]
) -> set[str]:
    """Return the mappings that lines still refer to."""
    lines = [
        line
        for name, row in rows.items()
        for line in (moved[name].lines if name in moved else _lines(row))
    ]
    return {
        line.facts["refers_to"] for line in lines if line.facts["status"] == FieldStatus.ENABLED
    }


def _lines(row: IntegrationTableMapping) -> list[Line]:
    fields = sorted(row.fields.all(), key=lambda one: one.position)
    return [
        Line({name: getattr(field, name) for name in reset.FIELD_FACTS}, field) for field in fields
    ]


def _merged(row: IntegrationTableMapping, was: MappingValues, wanted: MappingValues) -> Moved:
    """Move what differs between two defaults, where the mapping is still as the first said."""
    settings: dict[str, Any] = {}
    stays: list[str] = []
    for name, value in wanted.settings.items():
        before, now = was.settings[name], getattr(row, name)
        if before == value or now == value:
            continue
        if isinstance(value, list):
            settings[name] = _merged_list(now, before, value)
        elif now == before:
            settings[name] = value
        else:
            stays.append(str(getattr(row._meta.get_field(name), "verbose_name", name)))
    lines, kept = _merged_lines(_lines(row), was.fields, wanted.fields)
    return Moved(settings, tuple(lines), (*stays, *kept))


def _merged_list(now: list[Any], before: list[Any], wanted: list[Any]) -> list[Any]:
    """Move conditions or dependencies, in the order of the defaults."""
    merged = [one for one in now if one in wanted or one not in before]
    for place, one in enumerate(wanted):
        if one not in before and one not in merged:
            merged.insert(_after(merged, wanted[:place]), one)
    return merged


def _merged_lines(
    now: list[Line], before: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> tuple[list[Line], list[str]]:
    merged, stays = list(now), []
    for facts in before:
        if facts in wanted:
            continue
        line = Line(facts)
        same = [one for one in merged if one.facts == facts]
        if same:
            merged.remove(same[0])
        else:  # changed by an administrator, or deleted
            stays += [str(one) for one in merged if one.key == line.key]
    order = [Line(facts).key for facts in wanted]
    for place, facts in enumerate(wanted):
        line = Line(facts)
        keys = [one.key for one in merged]
        if facts not in before and line.key not in keys:
            merged.insert(_after(keys, order[:place]), line)
    return merged, stays


def _after(present: Sequence[Any], ahead: Sequence[Any]) -> int:
    """Return the place behind the last of those that go ahead."""
    return max((present.index(one) + 1 for one in ahead if one in present), default=0)


# Moving


def _move(
    row: IntegrationTableMapping, moved: Moved, company: Company, by: AbstractBaseUser | None
) -> None:
    """Change a mapping; its watermarks start over, as those of a reset one do (E-9.42)."""
    before = reset.audited(row)
    for name, value in moved.settings.items():
        setattr(row, name, value)
    row.sent_up_to = row.received_up_to = None
    row.save()
    kept = {line.row.pk: place for place, line in enumerate(moved.lines, 1) if line.row}
    row.fields.exclude(pk__in=kept).delete()
    row.fields.update(position=F("position") + APART)
    fields = list(row.fields.all())
    for field in fields:
        field.position = kept[field.pk]
    IntegrationFieldMapping.objects.bulk_update(fields, ["position"])
    IntegrationFieldMapping.objects.bulk_create(
        reset.field_row(row, place, line.facts)
        for place, line in enumerate(moved.lines, 1)
        if line.row is None
    )
    fresh = IntegrationTableMapping.objects.prefetch_related("fields").get(pk=row.pk)
    after = reset.audited(fresh)
    trail.note(Act.CHANGED, row, company=company, before=before, after=after, by=by)
