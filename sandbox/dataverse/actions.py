"""Unbound functions and actions, and rows that link two others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox import identities
from sandbox.dataverse import closing, imports, jobs, membership, refusals
from sandbox.dataverse.writing import Reference, Writer
from sandbox.http import WRITE, Call, Reply
from sandbox.schema import Column, Table, Type
from sandbox.store import DATAVERSE, Row

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

VERSION = "9.2.25021.00146"
FIRST_OWN_OPTION = 100_000_000
Handler = Callable[["Dataverse", Call, str, Writer], Reply]


def _answer(call: Call, name: str, body: dict[str, Any]) -> Reply:
    context = f"{call.origin}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.{name}Response"
    return Reply(200, {"@odata.context": context, **body}, rows=1)


def _only(call: Call, method: str, name: str) -> None:
    if call.method != method:
        raise refusals.method(call.method, name)


def _who_am_i(environment: Dataverse, call: Call, _text: str, _writer: Writer) -> Reply:
    _only(call, "GET", "WhoAmI")
    users = environment.model.tables["systemuser"]
    user = environment.store.get(DATAVERSE, users, call.user) or {}
    body = {
        "BusinessUnitId": user.get("businessunitid"),
        "UserId": call.user,
        "OrganizationId": identities.ORGANIZATION_ID,
    }
    return _answer(call, "WhoAmI", body)


def _version(_environment: Dataverse, call: Call, _text: str, _writer: Writer) -> Reply:
    _only(call, "GET", "RetrieveVersion")
    return _answer(call, "RetrieveVersion", {"Version": VERSION})


def _organization(environment: Dataverse, call: Call, text: str, _writer: Writer) -> Reply:
    _only(call, "GET", "RetrieveCurrentOrganization")
    if "AccessType" not in text:
        raise refusals.url("The parameter 'AccessType' is missing.")
    endpoints = [f"{call.origin}/", f"{call.origin}/XRMServices", f"{call.origin}/api/data/"]
    detail = {
        "OrganizationId": identities.ORGANIZATION_ID,
        "FriendlyName": "Cronus",
        "OrganizationVersion": VERSION,
        "EnvironmentId": identities.ORGANIZATION_ID,
        "TenantId": identities.TENANT,
        "UrlName": "cronus",
        "UniqueName": "unqcronus",
        "State": "Disabled" if environment.administration_mode else "Enabled",
        "Endpoints": {
            "Count": 3,
            "IsReadOnly": False,
            "Keys": ["WebApplication", "OrganizationService", "OrganizationDataService"],
            "Values": endpoints,
        },
    }
    return _answer(call, "RetrieveCurrentOrganization", {"Detail": detail})


# Option sets


def _insert_option(environment: Dataverse, call: Call, _text: str, _writer: Writer) -> Reply:
    table, column, body = _named_column(environment, call)
    options = environment.model.options(table, column)
    value = body.get("Value")
    if value is None:
        value = max([FIRST_OWN_OPTION - 1, *options]) + 1
    if type(value) is not int or value in options:
        raise refusals.plugin(f"The option value {value} of '{column.name}' is taken.")
    environment.model.set_option(table, column, value, _label(body))
    reply = _answer(call, "InsertOptionValue", {"NewOptionValue": value})
    reply.work = WRITE
    return reply


def _update_option(environment: Dataverse, call: Call, _text: str, _writer: Writer) -> Reply:
    table, column, body = _named_column(environment, call)
    value = _known_value(environment, table, column, body)
    environment.model.set_option(table, column, value, _label(body))
    return Reply(204, work=WRITE)


def _delete_option(environment: Dataverse, call: Call, _text: str, _writer: Writer) -> Reply:
    table, column, body = _named_column(environment, call)
    value = _known_value(environment, table, column, body)
    environment.model.remove_option(table, column, value)
    return Reply(204, work=WRITE)


def _known_value(environment: Dataverse, table: Table, column: Column, body: dict[str, Any]) -> int:
    value = body.get("Value")
    if type(value) is not int or value not in environment.model.options(table, column):
        raise refusals.plugin(f"The option value {value} of '{column.name}' does not exist.")
    return value


def _named_column(environment: Dataverse, call: Call) -> tuple[Table, Column, dict[str, Any]]:
    _only(call, "POST", "this action")
    body = call.json()
    if not isinstance(body, dict):
        raise refusals.plugin("The action needs its parameters.")
    table = environment.model.tables.get(str(body.get("EntityLogicalName")))
    column = table.columns.get(str(body.get("AttributeLogicalName"))) if table else None
    if table is None or column is None or column.type != Type.OPTION:
        names = f"{body.get('EntityLogicalName')}.{body.get('AttributeLogicalName')}"
        raise refusals.plugin(f"There is no option set of '{names}'.")
    return table, column, body


def _label(body: dict[str, Any]) -> str:
    label = body.get("Label")
    labels = label.get("LocalizedLabels") if isinstance(label, dict) else None
    first = labels[0] if isinstance(labels, list) and labels else None
    if not isinstance(first, dict) or not isinstance(first.get("Label"), str):
        raise refusals.plugin("A label is missing: {'LocalizedLabels': [{'Label': …}]}.")
    return str(first["Label"])


def _publish(environment: Dataverse, call: Call, _text: str, _writer: Writer) -> Reply:
    _only(call, "POST", "PublishXml")
    environment.model.publish()
    return Reply(204, work=WRITE)


UNBOUND: dict[str, Handler] = {
    "WhoAmI": _who_am_i,
    "RetrieveVersion": _version,
    "RetrieveCurrentOrganization": _organization,
    "InsertOptionValue": _insert_option,
    "UpdateOptionValue": _update_option,
    "DeleteOptionValue": _delete_option,
    "PublishXml": _publish,
    "PublishAllXml": _publish,
    "BulkDelete": jobs.bulk_delete,
    "StageSolution": imports.stage,
    "ImportSolutionAsync": imports.import_async,
    "WinOpportunity": closing.win,
    "LoseOpportunity": closing.lose,
}
BOUND: dict[str, Callable[[Dataverse, Call, Reference, Writer], Reply]] = {}


# Links


def relate(
    environment: Dataverse,
    writer: Writer,
    between: Table,
    one: tuple[Table, Row],
    other: tuple[Table, Row],
    *,
    remove: bool,
) -> None:
    """Link two rows through the table between them, or unlink them."""
    if between.name == membership.MEMBERSHIP:
        teams, team = one if one[0].name == "team" else other
        membership.check(environment.security, writer.user, team, teams, remove=remove)
    else:
        for table, verb in ((one[0], "Append"), (other[0], "AppendTo")):
            environment.security.demand(writer.user, verb, table)
    keys = {table.key: row[table.key] for table, row in (one, other)}
    where = " AND ".join(f'"{name}" = ?' for name in keys)
    found = environment.store.select(DATAVERSE, between, [between.key], where, list(keys.values()))
    if remove:
        for row in found:
            environment.store.delete(DATAVERSE, between, row[between.key])
    elif found:
        raise refusals.RefusalError(412, "0x80040237", "Cannot insert duplicate key.")
    else:
        row = {between.key: str(uuid4()), **keys, "versionnumber": environment.store.next_version()}
        environment.store.insert(DATAVERSE, between, row)
    environment.security.forget()
