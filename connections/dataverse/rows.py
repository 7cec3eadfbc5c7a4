"""Turns rows into records and values into JSON; what a column needs is settled once a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any
from uuid import UUID

from msgspec import convert

from connections.causes import Cause
from connections.dataverse.metadata import Described
from connections.errors import RecordError, TransientError
from connections.systems import Column, Kind, Lookup, Record, Value, Values

LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
MODIFIED_ON, MODIFIED_BY = "modifiedon", "modifiedby"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Encode = Callable[[Value], str]


def property_of(column: Column) -> str:
    """Return what a column is called in answers and filters: lookups by their value."""
    return f"_{column.name}_value" if column.kind == Kind.LOOKUP else column.name


class Rows:
    """Reads rows of one table with certain columns."""

    def __init__(self, described: Described, columns: Sequence[str]) -> None:
        self.described = described
        self.columns = tuple(columns)
        known = described.table.columns
        wanted = [known[name] for name in columns if name in known]
        self._plain = [(c.name, c.name) for c in wanted if c.kind in PLAIN]
        self._converted = [(c.name, c.name, READ[c.kind]) for c in wanted if c.kind in READ]
        lookups = [c for c in wanted if c.kind == Kind.LOOKUP]
        self._lookups = [
            (c.name, property_of(c), c.targets[0] if len(c.targets) == 1 else "") for c in lookups
        ]
        stamps = [known[name] for name in (MODIFIED_ON, MODIFIED_BY) if name in known]
        self.select = ",".join(
            dict.fromkeys([described.key, *map(property_of, [*stamps, *wanted])])
        )
        several = any(not target for _, _, target in self._lookups)
        self.annotations = f'odata.include-annotations="{LOOKUP_TABLE}"' if several else ""

    def records(self, rows: Iterable[Mapping[str, Any]]) -> list[Record]:
        """Return rows as records."""
        try:
            return [self._record(row) for row in rows]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            message = f"Dataverse answered with a row of {self.described.name} that cannot be read."
            detail = f"{type(error).__name__}: {error}"
            raise TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=detail) from error

    def record(self, row: Mapping[str, Any]) -> Record:
        """Return one row as a record."""
        return self.records([row])[0]

    def _record(self, row: Mapping[str, Any]) -> Record:
        values: dict[str, Value] = {name: row[source] for name, source in self._plain}
        for name, source, read in self._converted:
            value = row[source]
            values[name] = None if value is None else read(value)
        for name, source, target in self._lookups:
            value = row[source]
            values[name] = (
                None
                if value is None
                else Lookup(target or row[f"{source}@{LOOKUP_TABLE}"], known_id(value))
            )
        author, moment = row.get("_modifiedby_value"), row.get(MODIFIED_ON)
        return Record(
            self.described.name,
            convert(row[self.described.key], UUID),
            datetime.fromisoformat(moment) if moment else EPOCH,
            row["@odata.etag"][3:-1],  # W/"123"
            values,
            known_id(author) if author else None,
        )


@lru_cache(maxsize=4096)
def known_id(text: str) -> UUID:
    """Return an id that many rows share: of an author, a currency, an owner."""
    return UUID(text)


def _read_decimal(value: Any) -> Value:
    return value if isinstance(value, Decimal) else Decimal(value)


def _read_day(value: str) -> Value:
    return date.fromisoformat(value[:10])


PLAIN = frozenset({Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN, Kind.OPTION})
READ: Mapping[Kind, Callable[[Any], Value]] = {
    Kind.DECIMAL: _read_decimal,
    Kind.DATE: _read_day,
    Kind.DATETIME: datetime.fromisoformat,
    Kind.GUID: UUID,
}


class Bodies:
    """Writes the values of one table's columns as JSON; numbers keep every decimal."""

    def __init__(self, described: Described, entity_set: Callable[[str], str]) -> None:
        self.described = described
        self._entity_set = entity_set
        self._known: dict[str, tuple[str, Encode]] = {}
        self._leads_to: dict[tuple[str, str, int], str] = {}  # many rows share their lookups

    def members(self, values: Values, held: Values | None = None) -> str:
        """Return the members of a JSON object; raise RecordError for a value that does not fit.

        What a row `held` tells which way a lookup of several tables is emptied.
        """
        pieces = []
        for name, value in values.items():
            if isinstance(value, Lookup):
                leads = (name, value.table, value.id.int)
                text = self._leads_to.get(leads, "")
                if not text:
                    text = self._leads_to[leads] = self._bound(name, value)
                pieces.append(text)
                continue
            if value is None and held is not None and isinstance(held.get(name), Lookup):
                pieces.append(self._emptied(name, held[name]))
                continue
            known = self._known.get(name) or self._learn(name)
            try:
                text = "null" if value is None or value == "" else known[1](value)
            except (TypeError, ValueError) as error:
                raise self._misfit(name, value) from error
            pieces.append(f"{known[0]}:{text}")
        return ",".join(pieces)

    def _learn(self, name: str) -> tuple[str, Encode]:
        column = self.described.table.columns.get(name)
        if column is None:
            message = f"Dataverse's {self.described.name} has no column {name}."
            raise RecordError(message, cause=Cause.VALUE_INVALID)
        key = quoted(name)
        if column.kind == Kind.LOOKUP:
            target = column.targets[0] if column.targets else ""
            key = quoted(f"{self.described.binding(column, target)}@odata.bind")
        encode = WRITE[column.kind]
        if column.kind == Kind.DATE and name not in self.described.day_only:
            encode = _midnight
        known = self._known[name] = key, encode
        return known

    def _bound(self, name: str, value: Lookup) -> str:
        column = self.described.table.columns.get(name)
        if column is None or column.kind != Kind.LOOKUP:
            raise self._misfit(name, value)
        if column.targets and value.table not in column.targets:
            raise self._misfit(name, value)
        entity_set = self._entity_set(value.table)
        binding = self.described.binding(column, value.table)
        return f'"{binding}@odata.bind":"/{entity_set}({value.id})"'

    def _emptied(self, name: str, held: Value) -> str:
        column = self.described.table.columns.get(name)
        if column is None or not isinstance(held, Lookup):
            raise self._misfit(name, None)
        return f'"{self.described.binding(column, held.table)}@odata.bind":null'

    def _misfit(self, name: str, value: Value) -> RecordError:
        column = self.described.table.columns.get(name)
        caption = column.caption if column else name
        message = f"{caption} cannot hold {str(value)[:60]!r}."
        return RecordError(message, cause=Cause.VALUE_INVALID, detail=name)


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TypeError
    return quoted(value)


def _integer(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return str(value)


def _decimal(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _boolean(value: Value) -> str:
    if not isinstance(value, bool):
        raise TypeError
    return "true" if value else "false"


def _day(value: Value) -> str:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return f'"{value.isoformat()}"'


def _midnight(value: Value) -> str:
    return f'{_day(value)[:-1]}T00:00:00Z"'


def _moment(value: Value) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError
    return f'"{moment_text(value)}"'


def moment_text(value: datetime) -> str:
    """Return a moment as Dataverse takes it: UTC, whole seconds unless there are fractions."""
    utc = value.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _identity(value: Value) -> str:
    if not isinstance(value, UUID):
        raise TypeError
    return f'"{value}"'


def _nothing_else(_: Value) -> str:
    raise TypeError


WRITE: Mapping[Kind, Encode] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.OPTION: _integer,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _day,
    Kind.DATETIME: _moment,
    Kind.GUID: _identity,
    Kind.LOOKUP: _nothing_else,
}
