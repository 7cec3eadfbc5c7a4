"""The table mappings and jobs a new connection starts with, one readable file for each mapping."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from mappings.setup_choices import CHOICE_OF
from mappings.terms import CouplingKind, DeletionConflictResolution, Direction

FOLDER = Path(__file__).parent
JOBS_FILE = "jobs.toml"
ARROWS = {
    "<->": Direction.BIDIRECTIONAL,
    "-->": Direction.TO_INTEGRATION_TABLE,
    "<--": Direction.FROM_INTEGRATION_TABLE,
}
FILTER_ROW = 2  # column and operator, at least


class DefaultsError(ValueError):
    """A file of defaults is wrong; the message names the file and the row."""


@dataclass(frozen=True, slots=True)
class DefaultField:
    """One row of a mapping file; an empty field or integration field stands for the constant."""

    field: str
    direction: Direction
    integration_field: str
    constant: str = ""
    refers_to: str = ""
    not_null: bool = False
    clear_on_failure: bool = False
    match: int | None = None  # priority of match-based coupling
    validate: bool = True
    enabled: bool = True
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DefaultFilterRow:
    """One row of a filter, as it is stored."""

    row: list[Any]
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DefaultMapping:
    """One mapping file."""

    file: str
    name: str
    family: str
    priority: int
    table: str
    integration_table: str
    uid_field: str
    direction: Direction
    fields: tuple[DefaultField, ...]
    modified_on_field: str = ""
    kind: CouplingKind = CouplingKind.RECORD
    depends_on: tuple[str, ...] = ()
    table_filter: tuple[DefaultFilterRow, ...] = ()
    integration_table_filter: tuple[DefaultFilterRow, ...] = ()
    synch_only_coupled_records: bool = True
    deletion_conflict_resolution: DeletionConflictResolution = DeletionConflictResolution.NONE
    synch_after_bulk_coupling: bool = False
    create_new_in_case_of_no_match: bool = False
    background_uncouple: bool = False
    resets_company_id: bool = False
    insert_defaults: tuple[tuple[str, Any], ...] = ()
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DefaultJob:
    """One recurring job; `mapping` is empty for those that do not run a mapping."""

    key: str
    name: str
    order: int
    frequency_minutes: int
    inactivity_minutes: int  # 0: none
    mapping: str = ""
    max_attempts: int = 10
    rerun_delay_seconds: int = 30
    category: str = ""
    on_hold: bool = False  # waits until something wakes it
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnDemandJob:
    """How a job that a person asks for is set up (couple, uncouple, synchronize, full)."""

    max_attempts: int
    rerun_delay_seconds: int
    start_delay_seconds: int
    category: str


@cache
def mappings() -> tuple[DefaultMapping, ...]:
    """Return every default mapping, in the order in which they synchronize."""
    paths = [path for path in sorted(FOLDER.glob("*.toml")) if path.name != JOBS_FILE]
    found = tuple(sorted((load(path) for path in paths), key=lambda mapping: mapping.priority))
    _check_names(found)
    return found


@cache
def jobs() -> tuple[DefaultJob, ...]:
    """Return every recurring job, in the order in which they run."""
    document = _document(FOLDER / JOBS_FILE)
    rows = [_mapping_job(row) for row in document["mapping_jobs"]]
    rows += [_special_job(row) for row in document["special_jobs"]]
    return tuple(sorted(rows, key=lambda job: job.order))


@cache
def of_sales() -> frozenset[str]:
    """Return the names of the mappings that come with Dynamics 365 Sales (E-9.41)."""
    return frozenset(mapping.name for mapping in mappings() if mapping.family == "sales")


@cache
def on_demand_job() -> OnDemandJob:
    """Return what all jobs on demand have in common."""
    return OnDemandJob(**_document(FOLDER / JOBS_FILE)["on_demand"])


def load(path: Path) -> DefaultMapping:
    """Read one mapping file; a wrong row is an error that names the file and the row."""
    document = _document(path)
    unknown = set(document) - {field.name for field in fields(DefaultMapping)} | (
        {"file"} & set(document)
    )
    if unknown:
        message = f"{path.name}: {', '.join(sorted(unknown))} is not known here"
        raise DefaultsError(message)
    try:
        mapping = _mapping(path.name, document)
    except (KeyError, TypeError, ValueError) as error:
        message = str(error) if isinstance(error, DefaultsError) else f"{path.name}: {error}"
        raise DefaultsError(message) from error
    _check(mapping)
    return mapping


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        message = f"{path.name}: {error}"
        raise DefaultsError(message) from error


def _mapping(file: str, document: dict[str, Any]) -> DefaultMapping:
    given = dict(document)
    rows = given.pop("fields")
    return DefaultMapping(
        file=file,
        fields=tuple(_field(file, number, row) for number, row in enumerate(rows, 1)),
        direction=Direction(given.pop("direction")),
        kind=CouplingKind(given.pop("kind", CouplingKind.RECORD)),
        deletion_conflict_resolution=DeletionConflictResolution(
            given.pop("deletion_conflict_resolution", "")
        ),
        depends_on=tuple(given.pop("depends_on", ())),
        table_filter=_filter(file, given.pop("table_filter", ())),
        integration_table_filter=_filter(file, given.pop("integration_table_filter", ())),
        insert_defaults=tuple(given.pop("insert_defaults", {}).items()),
        when=_when(given.pop("when", ())),
        **given,
    )


def _field(file: str, number: int, row: list[Any]) -> DefaultField:
    where = f"{file}, field {number}"
    match row:
        case [str() | {"constant": _} as source, str(arrow), str() | {"constant": _} as target]:
            extra: dict[str, Any] = {}
        case [
            str() | {"constant": _} as source,
            str(arrow),
            str() | {"constant": _} as target,
            dict(extra),
        ]:
            pass
        case _:
            message = f"{where}: {row!r} is not a field, an arrow and a field"
            raise DefaultsError(message)
    if arrow not in ARROWS:
        message = f"{where}: {arrow!r} is no arrow; write one of {', '.join(ARROWS)}"
        raise DefaultsError(message)
    constants = [side["constant"] for side in (source, target) if isinstance(side, dict)]
    options = {**extra, "when": _when(extra.get("when", ()))}
    if isinstance(source, dict):
        options.setdefault("validate", False)  # nothing to validate in Business Central
    try:
        return DefaultField(
            field=source if isinstance(source, str) else "",
            direction=ARROWS[arrow],
            integration_field=target if isinstance(target, str) else "",
            constant=_text(constants[0]) if constants else "",
            **options,
        )
    except TypeError as error:
        message = f"{where}: {error}"
        raise DefaultsError(message) from error


def _text(constant: object) -> str:
    return str(constant).lower() if isinstance(constant, bool) else str(constant)


def _filter(file: str, rows: list[list[Any]] | tuple[()]) -> tuple[DefaultFilterRow, ...]:
    result = []
    for row in rows:
        *condition, last = row
        extra = last if isinstance(last, dict) else {}
        kept = condition if isinstance(last, dict) else list(row)
        if len(kept) < FILTER_ROW or set(extra) - {"when"}:
            message = f"{file}: {row!r} is no row of a filter"
            raise DefaultsError(message)
        result.append(DefaultFilterRow(kept, _when(extra.get("when", ()))))
    return tuple(result)


def _when(given: str | list[str] | tuple[()]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    unknown = [name for name in names if name not in CHOICE_OF]
    if unknown:
        message = f"there is no choice {', '.join(unknown)}"
        raise ValueError(message)
    return names


def _check(mapping: DefaultMapping) -> None:
    pairs = Counter((row.field, row.integration_field, row.when) for row in mapping.fields)
    for number, row in enumerate(mapping.fields, 1):
        problem = _problem(mapping, row)
        if pairs[row.field, row.integration_field, row.when] > 1:
            problem = "the same pair of fields is there twice"
        if problem:
            message = f"{mapping.file}, field {number}: {problem}"
            raise DefaultsError(message)


def _problem(mapping: DefaultMapping, row: DefaultField) -> str:
    """Return what is wrong with a row (E-2.6, E-2.13), or ""."""
    if not (row.field or row.integration_field):
        return "a constant needs a field to go to"
    if row.constant and row.direction == Direction.BIDIRECTIONAL:
        return "a constant goes one way"
    if row.not_null and row.clear_on_failure:
        return "not_null and clear_on_failure exclude each other"
    if mapping.kind == CouplingKind.OPTION and Direction.BIDIRECTIONAL in (
        row.direction,
        mapping.direction,
    ):
        return "option mappings go one way"
    return ""


def _check_names(found: tuple[DefaultMapping, ...]) -> None:
    names = {mapping.name for mapping in found}
    for mapping in found:
        named = {*mapping.depends_on, *(row.refers_to for row in mapping.fields)} - {""}
        if named - names:
            message = f"{mapping.file}: there is no mapping {', '.join(sorted(named - names))}"
            raise DefaultsError(message)


def _mapping_job(row: list[Any]) -> DefaultJob:
    mapping, name, order, every, inactive, *rest = row
    extra: dict[str, Any] = rest[0] if rest else {}
    return DefaultJob(
        key=mapping,
        name=name,
        order=order,
        frequency_minutes=every,
        inactivity_minutes=inactive,
        mapping=mapping,
        category=extra.get("category", ""),
        when=_when(extra.get("when", ())),
    )


def _special_job(row: list[Any]) -> DefaultJob:
    key, name, order, every, inactive, extra = row
    return DefaultJob(
        key=key,
        name=name,
        order=order,
        frequency_minutes=every,
        inactivity_minutes=inactive,
        max_attempts=2,
        on_hold=True,
        when=_when(extra["when"]),
    )
