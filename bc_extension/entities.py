"""The entities that the extension brings pages for, read from the data that the sandbox uses."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SCHEMA = ROOT / "sandbox" / "data" / "business_central_schema.json"
AVAILABILITY = ROOT / "sandbox" / "data" / "item_availability.json"
CAPTIONS = ROOT / "connections" / "business_central_pages.toml"
BY_HAND = HERE / "by_hand.toml"
PREFIX = "SI "  # Sales Integration
LONGEST_NAME = 30
PLAIN = re.compile(r"[A-Za-z_]\w*")
RESERVED = frozenset({"code", "company", "type"})  # AL takes them for its own words in places


class UnknownCodeError(ValueError):
    """The schema asks for something that only code can do, and nobody wrote it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a page."""

    name: str
    caption: str
    al_field: str  # empty where no field of the table stands behind it
    editable: bool
    by_hand: dict[str, Any]

    @property
    def variable(self) -> str:
        """The name of the page's variable behind it; empty for a field of the table."""
        return str(self.by_hand.get("variable", "")).partition(":")[0]

    @property
    def source(self) -> str:
        """What the field shows, in AL."""
        return str(self.variable or self.by_hand.get("source") or f"Rec.{quoted(self.al_field)}")


class Entity:
    """One entity of the schema, as the extension shows it."""

    def __init__(self, facts: dict[str, Any], by_hand: dict[str, Any], known: dict[str, Any]):
        self.facts = facts
        self.by_hand = by_hand
        self.captions: dict[str, str] = known.get("captions", {})
        self.table: str = facts["table"]
        self.set_name: str = facts["entitySet"]
        self.entity_name: str = facts["entityName"]
        self.is_custom: bool = facts["binding"] == "customApi"
        self.is_singleton: bool = facts.get("singleton", False)
        self.actions: list[str] = facts.get("boundActions", [])
        self.symbol: str = by_hand.get("symbol", "")

    @cached_property
    def fields(self) -> list[Field]:
        return [self._field(facts) for facts in self.facts["fields"]]

    def _field(self, facts: dict[str, Any]) -> Field:
        name, al_field = facts["name"], facts.get("alField", "")
        by_hand = self.by_hand.get("fields", {}).get(name, {})
        if not by_hand and (not al_field or facts.get("blob")):
            message = f"{self.set_name}.{name} is no plain field: write its code in by_hand.toml."
            raise UnknownCodeError(message)
        caption = self.captions.get(name) or al_field or name
        return Field(name, caption, al_field, facts["editable"], by_hand)

    @property
    def fixed(self) -> list[tuple[str, str]]:
        """The field and value that all records of the page have."""
        names = {
            facts["name"]: facts["alField"] for facts in self.facts["fields"] if "alField" in facts
        }
        return [
            (names[item["field"]], str(item["value"])) for item in self.facts.get("fixedFilter", [])
        ]

    @property
    def can_modify(self) -> bool:
        return any(field.editable for field in self.fields)

    @property
    def can_insert(self) -> bool:
        return self.can_modify and not self.is_singleton

    @property
    def rights(self) -> str:
        """What the integration may do with the table's data: setup is read only."""
        if self.facts["role"] == "support" or not self.can_modify:
            return "R"
        return "RIMD" if self.can_insert else "RM"


def quoted(name: str) -> str:
    """Return a name as AL wants it."""
    return name if PLAIN.fullmatch(name) and name.lower() not in RESERVED else f'"{name}"'


def text(value: str) -> str:
    """Return a text constant."""
    return "'" + value.replace("'", "''") + "'"


def object_name(entity_name: str, abbreviations: dict[str, str]) -> str:
    """Return the name of a page: the entity in words, cut short where it is too long."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", entity_name)
    name = PREFIX + " ".join(word.capitalize() for word in words)
    for long, short in abbreviations.items():
        if len(name) > LONGEST_NAME:
            name = name.replace(long, short)
    if len(name) > LONGEST_NAME:
        message = f"'{name}' is too long for a page: add an abbreviation in by_hand.toml."
        raise UnknownCodeError(message)
    return name


def read_by_hand() -> dict[str, Any]:
    return tomllib.loads(BY_HAND.read_text(encoding="utf-8"))


def read_entities() -> list[Entity]:
    """Return all entities of the schema, those of the standard API too."""
    by_hand = read_by_hand()
    known = tomllib.loads(CAPTIONS.read_text(encoding="utf-8"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return [
        Entity(facts, by_hand.get(facts["entitySet"], {}), known.get(facts["entitySet"], {}))
        for facts in schema["entities"]
    ]


def read_availability() -> dict[str, Any]:
    """Return what the item availability service shows."""
    found: dict[str, Any] = json.loads(AVAILABILITY.read_text(encoding="utf-8"))
    return found
