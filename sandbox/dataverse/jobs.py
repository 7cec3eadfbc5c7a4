"""Asynchronous jobs: done at once, and remembered as the platform remembers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox.dataverse import refusals
from sandbox.dataverse.planting import plant
from sandbox.dataverse.values import stored
from sandbox.dataverse.writing import Writer
from sandbox.http import Call, Kind, Reply, Work
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Row, all_columns

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

BULK_DELETE = 13  # operationtype
FINISHED, SUCCEEDED = 3, 30


def bulk_delete(environment: Dataverse, call: Call, _text: str, writer: Writer) -> Reply:
    """Delete what the queries name; the job that is answered has already ended."""
    if call.method != "POST":
        raise refusals.method(call.method, "BulkDelete")
    body = call.json()
    queries = body.get("QuerySet") if isinstance(body, dict) else None
    if not isinstance(queries, list) or not queries:
        raise refusals.plugin("BulkDelete needs a QuerySet.")
    job, count = str(uuid4()), 0
    with environment.atomic():
        for query in queries:
            name = query.get("EntityName") if isinstance(query, dict) else None
            table = environment.model.tables.get(str(name))
            if table is None:
                raise refusals.plugin(f"There is no table '{name}'.")
            for row in _found(environment, table, query):
                writer.delete(table, row)
                count += 1
        remember(environment, writer, job, str(body.get("JobName") or "Bulk delete"))
    context = f"{call.origin}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse"
    work = Work(Kind.WRITE, max(1, count))
    return Reply(200, {"@odata.context": context, "JobId": job}, work=work)


def remember(environment: Dataverse, writer: Writer, job: str, name: str) -> None:
    """Note a job that succeeded."""
    row = {
        "asyncoperationid": job,
        "name": name[:100],
        "operationtype": BULK_DELETE,
        "statecode": FINISHED,
        "statuscode": SUCCEEDED,
        "startedon": writer.now,
        "completedon": writer.now,
    }
    plant(environment, "asyncoperation", [row], by=writer.user)


def _found(environment: Dataverse, table: Table, query: dict[str, Any]) -> list[Row]:
    criteria = query.get("Criteria") or {}
    if not isinstance(criteria, dict):
        raise refusals.plugin("The criteria of a query are an object.")
    conditions = criteria.get("Conditions") or []
    if criteria.get("Filters") or str(criteria.get("FilterOperator", "And")) != "And":
        raise refusals.plugin("Only conditions that are joined by And are supported here.")
    pieces, bound = [], []
    for condition in conditions:
        name, operator = condition.get("AttributeName"), condition.get("Operator")
        given = condition.get("Values")
        column = table.columns.get(str(name))
        if column is None or operator not in ("In", "Equal") or not isinstance(given, list):
            raise refusals.plugin(f"The condition '{name} {operator}' is not supported here.")
        values = [stored(column, _plain(value), table.entity_set, {}) for value in given]
        pieces.append(f'"{name}" IN ({", ".join("?" * len(values))})')
        bound += values
    columns = all_columns(DATAVERSE, table)
    return environment.store.select(DATAVERSE, table, columns, " AND ".join(pieces), bound)


def _plain(value: Any) -> Any:
    return value.get("Value") if isinstance(value, dict) else value
