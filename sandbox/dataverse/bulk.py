"""CreateMultiple, UpdateMultiple and UpsertMultiple: all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.dataverse import refusals
from sandbox.dataverse.writing import Reference, Writer
from sandbox.http import Call, Kind, Reply, Work
from sandbox.schema import Table

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse


def handle(environment: Dataverse, call: Call, table: Table, name: str, writer: Writer) -> Reply:
    """Carry a bulk message out."""
    if name not in ("CreateMultiple", "UpdateMultiple", "UpsertMultiple"):
        raise refusals.segment(f"Microsoft.Dynamics.CRM.{name}")
    if call.method != "POST":
        raise refusals.method(call.method, name)
    targets = _targets(call, table)
    with environment.atomic():
        if name == "CreateMultiple":
            ids = [writer.create(table, target)[table.key] for target in targets]
            answer = "$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
            context = f"{call.origin}/api/data/v9.2/{answer}"
            work = Work(Kind.CREATE_MULTIPLE, len(targets))
            body = {"@odata.context": context, "Ids": ids}
            return Reply(200, body, work=work)
        for target in targets:
            if name == "UpdateMultiple":
                _update(table, target, writer)
            else:
                _upsert(environment, table, target, writer)
    return Reply(204, work=Work(Kind.WRITE_MULTIPLE, len(targets)))


def _targets(call: Call, table: Table) -> list[dict[str, Any]]:
    body = call.json()
    targets = body.get("Targets") if isinstance(body, dict) else None
    if not isinstance(targets, list) or not targets:
        raise refusals.payload(table.entity_set, "'Targets' must be a collection of entities.")
    expected = f"Microsoft.Dynamics.CRM.{table.name}"
    for target in targets:
        kind = target.get("@odata.type") if isinstance(target, dict) else None
        if kind not in (expected, f"#{expected}"):
            text = f"'@odata.type' of each target must be '{expected}'."
            raise refusals.payload(table.entity_set, text)
    return targets


def _update(table: Table, target: dict[str, Any], writer: Writer) -> None:
    reference = _named(table, target, writer)
    writer.update(table, writer.existing(reference), target)


def _named(table: Table, target: dict[str, Any], writer: Writer) -> Reference:
    if "@odata.id" in target:
        return writer.parse(str(target["@odata.id"]))
    key = target.get(table.key)
    if not key:
        raise refusals.payload(table.entity_set, f"a target names no {table.key}.")
    return writer.addressed(table, str(key))


def _upsert(environment: Dataverse, table: Table, target: dict[str, Any], writer: Writer) -> None:
    reference = _named(table, target, writer)
    row = writer.find(reference)
    if row is not None:
        named = {name for name, _ in reference.key}
        writer.update(table, row, {k: v for k, v in target.items() if k not in named})
        return
    repeated = [name for name, _ in reference.key if name in target]
    if repeated:
        text = f"the key column {repeated[0]} must not stand in the body too."
        raise refusals.payload(table.entity_set, text)
    body = target | writer.key_values(reference, target)
    environment.create_deep(writer, table, body, reference.id)
