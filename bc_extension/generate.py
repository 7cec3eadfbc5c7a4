"""Writes the AL source: `python -m bc_extension.generate`; with --check it only compares."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bc_extension.entities import (
    HERE,
    PREFIX,
    Entity,
    object_name,
    quoted,
    read_availability,
    read_by_hand,
    read_entities,
    text,
)
from bc_extension.page import STEP, page

NOTICE = (
    "// Written by `python -m bc_extension.generate` from the schema: change that, not this file."
)
ID = "c3d2b8f4-6a1e-4f0b-9c57-2e8d7a90b611"
VERSION = "1.0.0.0"
FIRST, LAST = 50100, 50149
QUERY, INSTALL, RIGHTS, AVAILABILITY_RIGHTS = 50140, 50141, 50142, 50143
QUERY_NAME = f"{PREFIX}Item Availability"
AVAILABILITY_TABLES = ("Item", "Item Ledger Entry")
SYSTEM_TABLES = frozenset({"Company"})  # everybody who may sign in sees the companies


def sources() -> dict[str, str]:
    """Return every generated file by its path below bc_extension."""
    entities, by_hand = read_entities(), read_by_hand()
    custom = [entity for entity in entities if entity.is_custom]
    names = {e.set_name: object_name(e.entity_name, by_hand["abbreviations"]) for e in custom}
    files = {"app.json": json.dumps(_app(), indent=2) + "\n"}
    for number, entity in enumerate(custom, start=FIRST):
        name = names[entity.set_name]
        content = page(number, name, entity, by_hand["actions"])
        if entity.symbol:
            content = f"#if {entity.symbol}\n{content}\n#endif"
        files[f"src/pages/{_file(name)}.Page.al"] = f"{NOTICE}\n{content}\n"
    availability = read_availability()
    files["src/availability/ItemAvailability.Query.al"] = _query(availability)
    files["src/availability/PublishService.Codeunit.al"] = _install(availability)
    files["src/permissions/SalesIntegration.PermissionSet.al"] = _rights(entities, names)
    files["src/permissions/ItemAvailability.PermissionSet.al"] = _availability_rights()
    return files


def _file(name: str) -> str:
    return "".join(sign for sign in name.removeprefix(PREFIX) if sign.isalnum())


def _app() -> dict[str, Any]:
    return {
        "id": ID,
        "name": "Sales Integration",
        "publisher": "integration",
        "version": VERSION,
        "brief": "API pages for the integration with Dynamics 365 Sales",
        "description": "One API page for each table that the console synchronizes, the item "
        "availability service, and the permission sets for both.",
        "platform": "24.0.0.0",
        "application": "24.0.0.0",
        "runtime": "13.0",
        "target": "Cloud",
        "idRanges": [{"from": FIRST, "to": LAST}],
        "features": ["NoImplicitWith"],
        "preprocessorSymbols": [],
        "dependencies": [],
    }


def _file_of(lines: Sequence[str]) -> str:
    return "\n".join([NOTICE, *lines]) + "\n"


def _query(availability: Mapping[str, Any]) -> str:
    conditions = ", ".join(
        f"{quoted(item['alField'])} = const({str(item['value']).lower()})"
        for item in availability["fixedFilter"]
    )
    lines = [
        f"query {QUERY} {quoted(QUERY_NAME)}",
        "{",
        f"{STEP}Caption = 'Item Availability';",
        f"{STEP}QueryType = Normal;",
        "",
        f"{STEP}elements",
        f"{STEP}{{",
        f"{STEP * 2}dataitem(Item; Item)",
        f"{STEP * 2}{{",
        f"{STEP * 3}DataItemTableFilter = {conditions};",
        "",
    ]
    for field in availability["fields"]:
        lines.append(f"{STEP * 3}column({quoted(field['name'])}; {quoted(field['alField'])})")
        lines += [f"{STEP * 3}{{", f"{STEP * 3}}}"]
    return _file_of([*lines, f"{STEP * 2}}}", f"{STEP}}}", "}"])


def _install(availability: Mapping[str, Any]) -> str:
    name = text(availability["serviceName"])
    return _file_of(
        [
            f"codeunit {INSTALL} {quoted(f'{PREFIX}Publish Service')}",
            "{",
            f"{STEP}Subtype = Install;",
            "",
            f"{STEP}trigger OnInstallAppPerDatabase()",
            f"{STEP}var",
            f'{STEP * 2}TenantWebService: Record "Tenant Web Service";',
            f'{STEP * 2}WebServiceManagement: Codeunit "Web Service Management";',
            f"{STEP}begin",
            f"{STEP * 2}WebServiceManagement.CreateTenantWebService(",
            f'{STEP * 3}TenantWebService."Object Type"::Query, Query::{quoted(QUERY_NAME)},',
            f"{STEP * 3}{name}, true);",
            f"{STEP}end;",
            "}",
        ]
    )


def _rights(entities: Sequence[Entity], names: Mapping[str, str]) -> str:
    tables: dict[str, tuple[str, str]] = {}
    for entity in entities:
        if entity.table not in SYSTEM_TABLES:
            held, symbol = tables.get(entity.table, ("", entity.symbol))
            tables[entity.table] = (max(held, entity.rights, key=len), symbol)
    entries = [
        (f"tabledata {quoted(table)} = {rights}", symbol)
        for table, (rights, symbol) in sorted(tables.items())
    ]
    entries += [
        (f"page {quoted(names[e.set_name])} = X", e.symbol) for e in entities if e.is_custom
    ]
    codeunits = dict.fromkeys(code["codeunit"] for code in read_by_hand()["actions"].values())
    entries += [(f"codeunit {quoted(name)} = X", "") for name in codeunits]
    return _permission_set(RIGHTS, "Sales Integration", "Sales Integration", entries)


def _availability_rights() -> str:
    entries = [(f"tabledata {quoted(table)} = R", "") for table in AVAILABILITY_TABLES]
    entries.append((f"query {quoted(QUERY_NAME)} = X", ""))
    return _permission_set(
        AVAILABILITY_RIGHTS, "Availability", "Item Availability Service", entries
    )


def _permission_set(
    number: int, name: str, caption: str, entries: Sequence[tuple[str, str]]
) -> str:
    lines = [
        f"permissionset {number} {quoted(PREFIX + name)}",
        "{",
        f"{STEP}Assignable = true;",
        f"{STEP}Caption = {text(caption)};",
        f"{STEP}Permissions =",
        *_listed(entries),
        "}",
    ]
    return _file_of(lines)


def _listed(entries: Sequence[tuple[str, str]]) -> Iterator[str]:
    *_, last = (entry for entry, symbol in entries if not symbol)
    for entry, symbol in entries:
        line = f"{STEP * 2}{entry}{';' if entry == last else ','}"
        yield f"#if {symbol}\n{line}\n#endif" if symbol else line


def differences() -> list[str]:
    """Return the paths of files that are not what the schema says, or that it does not know."""
    wanted = sources()
    there = {path.relative_to(HERE).as_posix() for path in (HERE / "src").rglob("*.al")}
    return sorted(
        name
        for name in {*wanted, *there}
        if name not in wanted or _read(HERE / name) != wanted[name]
    )


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bc_extension.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what differs")
    options = parser.parse_args(arguments)
    stale = differences()
    if not options.check:
        wanted = sources()
        for name in stale:
            if name in wanted:
                (HERE / name).parent.mkdir(parents=True, exist_ok=True)
                (HERE / name).write_text(wanted[name], encoding="utf-8")
            else:
                (HERE / name).unlink()
    sys.stdout.write("".join(f"{name}\n" for name in stale))
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
