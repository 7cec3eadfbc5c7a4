"""What Dataverse says of its tables: columns, option sets, navigation properties, keys."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from connections.batch import Part
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.odata import Answer
from connections.odata.refusals import refusal
from connections.shelf import LIFETIME, OwnShelf, Shelf
from connections.systems import Column, Kind, Side, Table

KINDS = {
    "String": Kind.TEXT,
    "Memo": Kind.TEXT,
    "Integer": Kind.INTEGER,
    "BigInt": Kind.INTEGER,
    "Decimal": Kind.DECIMAL,
    "Double": Kind.DECIMAL,
    "Money": Kind.DECIMAL,
    "Boolean": Kind.BOOLEAN,
    "Picklist": Kind.OPTION,
    "State": Kind.OPTION,
    "Status": Kind.OPTION,
    "Uniqueidentifier": Kind.GUID,
    "DateTime": Kind.DATETIME,
    "Lookup": Kind.LOOKUP,
    "Owner": Kind.LOOKUP,
    "Customer": Kind.LOOKUP,
}
MONEY_DECIMALS = 2  # where the environment decides, it is two unless somebody changed it
TABLE = "LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,DisplayName"
RELATIONSHIP = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
OPTION_CASTS = ("Picklist", "State", "Status")
USED = (
    "LogicalName",
    "AttributeType",
    "DisplayName",
    "Format",
    "DateTimeBehavior",
    "MaxLength",
    "Targets",
    "IsValidForCreate",
    "IsValidForUpdate",
    "Precision",
    "MinValue",
    "MaxValue",
)
SETS = "EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute"

Ask = Callable[[Sequence[Part]], list[Answer]]


@dataclass(frozen=True, slots=True)
class Described:
    """A table with what only this adapter needs to know of it."""

    table: Table
    entity_set: str
    key: str
    navigation: Mapping[tuple[str, str], str]  # column and target to navigation property
    target_keys: Mapping[str, str] = field(default_factory=dict)  # of the tables lookups lead to
    day_only: frozenset[str] = frozenset()  # columns that take a date without a time
    known_at: float = field(default=0.0, compare=False)

    @property
    def name(self) -> str:
        return self.table.name

    def binding(self, column: Column, target: str) -> str:
        """Return the navigation property that leads from a lookup to one of its targets."""
        found = self.navigation.get((column.name, target))
        if found is not None:
            return found
        # An owner is one navigation property for users and teams, and no relationship tells.
        return (
            column.name
            if len(column.targets) < 2 or column.name == "ownerid"
            else (f"{column.name}_{target}")
        )


class Metadata:
    """Describes tables, and remembers them for a while; threads may share it."""

    def __init__(
        self,
        ask: Ask,
        shelf: Shelf | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._shelf = shelf or OwnShelf()
        self._clock = clock
        self._known: dict[str, Described] = {}
        self._sets: dict[str, list[str]] = {}  # logical name to entity set and key
        self._lock = threading.RLock()

    def described(self, table: str) -> Described:
        """Return what is known of a table; one message if it is new or long known."""
        with self._lock:
            known = self._known.get(table)
            if known is not None and self._clock() - known.known_at >= LIFETIME:
                self.forget(table)
                known = None
            if known is None:
                known = self._known[table] = self._described(table)
            return known

    def forget(self, table: str) -> None:
        """Ask again when the table is named next."""
        with self._lock:
            self._known.pop(table, None)
        self._shelf.drop(table)

    def entity_set(self, table: str) -> str:
        """Return the entity set of a table that a lookup leads to."""
        known = self._entity_sets().get(table) or self._new_sets().get(table)
        if known is None:
            message = f"Dataverse has no table {table}."
            raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
        return known[0]

    def _described(self, table: str) -> Described:
        kept = self._shelf.take(table)
        told = json.loads(kept) if kept else self._fetch(table)
        if not kept:
            self._shelf.put(table, json.dumps(told))
        keys = {name: key for name, (_, key) in self._entity_sets().items()}
        return _described(told, keys, self._clock())

    def _fetch(self, table: str) -> dict[str, Any]:
        base = f"EntityDefinitions(LogicalName='{quote(table)}')"
        expanded = f"Attributes,Keys,ManyToOneRelationships($select={RELATIONSHIP})"
        paths = [f"{base}?$select={TABLE}&$expand={expanded}"]
        paths += [f"{base}/Attributes/{_cast(kind)}?{OPTIONS}" for kind in OPTION_CASTS]
        if not self._sets:
            paths.append(SETS)
        answers = self._ask([Part("GET", path) for path in paths])
        if answers[0].status == 404:
            message = f"Dataverse has no table {table}."
            raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
        for answer in answers:
            _check(answer)
        if not self._sets:
            self._remember_sets(answers.pop().rows())
        options = {
            row["LogicalName"]: _options(row) for answer in answers[1:] for row in answer.rows()
        }
        return {**_trimmed(answers[0].object()), "Options": options}

    def _entity_sets(self) -> Mapping[str, list[str]]:
        with self._lock:
            if not self._sets:
                kept = self._shelf.take(SETS)
                self._sets = json.loads(kept) if kept else self._new_sets()
            return self._sets

    def _new_sets(self) -> dict[str, list[str]]:
        """Ask which tables there are: a solution may have brought new ones."""
        [answer] = self._ask([Part("GET", SETS)])
        _check(answer)
        self._remember_sets(answer.rows())
        return self._sets

    def _remember_sets(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._sets = {
            row["LogicalName"]: [row["EntitySetName"], row["PrimaryIdAttribute"]]
            for row in rows
            if row.get("EntitySetName")
        }
        self._shelf.put(SETS, json.dumps(self._sets))


def _cast(kind: str) -> str:
    return f"Microsoft.Dynamics.CRM.{kind}AttributeMetadata"


OPTIONS = "$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)"


def _check(answer: Answer) -> None:
    if answer.status >= 400:
        code, message = answer.refused()
        raise refusal(Side.DATAVERSE, answer.status, code, message, reads=True)


def _trimmed(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is used of a table's definition: the whole may have megabytes."""
    attributes = [
        {name: _plain(item[name]) for name in USED if item.get(name) is not None}
        for item in entity["Attributes"]
        if item["AttributeType"] in KINDS
    ]
    keys = [key["KeyAttributes"] for key in entity.get("Keys") or () if _is_active(key)]
    relationships = [
        [item[name] for name in RELATIONSHIP.split(",")]
        for item in entity.get("ManyToOneRelationships") or ()
    ]
    named = {name: entity.get(name) for name in TABLE.split(",")}
    return {**named, "Attributes": attributes, "Keys": keys, "Relationships": relationships}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _described(told: Mapping[str, Any], table_keys: Mapping[str, str], now: float) -> Described:
    options = {
        name: {int(value): label for value, label in held.items()}
        for name, held in told["Options"].items()
    }
    attributes = told["Attributes"]
    columns = {item["LogicalName"]: _column(item, options) for item in attributes}
    table = Table(
        name=told["LogicalName"],
        caption=_label(told["DisplayName"]) or told["LogicalName"],
        columns=columns,
        natural_key=tuple(told["Keys"][0]) if told["Keys"] else (),
        name_column=told["PrimaryNameAttribute"] or "",
    )
    return Described(
        table=table,
        entity_set=told["EntitySetName"],
        key=told["PrimaryIdAttribute"],
        navigation={(column, target): name for column, target, name in told["Relationships"]},
        target_keys={
            target: table_keys[target]
            for column in columns.values()
            for target in column.targets
            if target in table_keys
        },
        day_only=frozenset(i["LogicalName"] for i in attributes if _behaviour(i) == "DateOnly"),
        known_at=now,
    )


def _is_active(key: Mapping[str, Any]) -> bool:
    return bool(key.get("EntityKeyIndexStatus", "Active") == "Active")


def _behaviour(item: Mapping[str, Any]) -> str:
    return str((item.get("DateTimeBehavior") or {}).get("Value") or "")


def _column(item: Mapping[str, Any], options: Mapping[str, dict[int, str]]) -> Column:
    name, declared = item["LogicalName"], item["AttributeType"]
    kind = KINDS[declared]
    if declared == "DateTime" and "DateOnly" in (item.get("Format"), _behaviour(item)):
        kind = Kind.DATE
    precision = item.get("Precision")
    if precision is None and declared == "Money":
        precision = MONEY_DECIMALS
    return Column(
        name=name,
        kind=kind,
        caption=_label(item.get("DisplayName")) or name,
        max_length=item.get("MaxLength") if kind == Kind.TEXT else None,
        options=options.get(name, {}),
        targets=tuple(item.get("Targets") or ()),
        creatable=bool(item.get("IsValidForCreate", True)),
        updatable=bool(item.get("IsValidForUpdate", True)),
        precision=precision if kind == Kind.DECIMAL else None,
        minimum=_bound(item.get("MinValue")),
        maximum=_bound(item.get("MaxValue")),
    )


def _bound(value: int | str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _options(row: Mapping[str, Any]) -> dict[int, str]:
    held = row.get("OptionSet") or row.get("GlobalOptionSet") or {}
    return {option["Value"]: _label(option.get("Label")) for option in held.get("Options") or ()}


def _label(label: Any) -> str:
    """Return a label in the user's language, else in any."""
    if not isinstance(label, dict):
        return ""
    own = label.get("UserLocalizedLabel")
    if isinstance(own, dict) and own.get("Label"):
        return str(own["Label"])
    others = label.get("LocalizedLabels") or ()
    return str(next((item["Label"] for item in others if item.get("Label")), ""))
