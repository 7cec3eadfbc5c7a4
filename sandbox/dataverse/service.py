"""Takes a request to Dataverse's Web API to what answers it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sandbox.dataverse import actions, batch, bulk, linking, metadata, refusals, solutions
from sandbox.dataverse.imports import Imports
from sandbox.dataverse.linking import segment_of
from sandbox.dataverse.model import Model, Navigation
from sandbox.dataverse.options import preferences
from sandbox.dataverse.reading import Reader, row_address
from sandbox.dataverse.refusals import RefusalError
from sandbox.dataverse.security import Security
from sandbox.dataverse.values import shown
from sandbox.dataverse.writing import Reference, Writer
from sandbox.http import WRITE, Call, Reply
from sandbox.odata.syntax import split_segments
from sandbox.schema import Table, Type
from sandbox.store import DATAVERSE, Row, Store

ROOT = re.compile(r"^/api/data/v9\.\d/?")


class Dataverse:
    """One environment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.model = Model(store)
        self.security = Security(store)
        self.imports = Imports(self)
        self.imports.reload()
        self.partial_batch_after: int | None = None
        self.administration_mode = False

    def reload(self) -> None:
        """Forget what was kept in memory; the rows were replaced."""
        self.model.reload()
        self.security.forget()
        self.imports.reload()

    def handle(self, call: Call, writer: Writer | None = None) -> Reply:
        """Answer a request; refusals become error bodies."""
        self.imports.settle()
        if self.administration_mode and not self.security.is_administrator(call.user):
            return refused(refusals.administration_mode())
        try:
            reply = self._route(call, writer)
        except RefusalError as error:
            return refused(error)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            return refused(refusals.RefusalError(400, "0x80048d19", f"Malformed JSON: {error}"))
        reply.headers.setdefault("OData-Version", "4.0")
        return reply

    def user_of(self, client_id: str, username: str) -> str | None:
        """Return the enabled user that a token speaks for."""
        column, value = ("domainname", username) if username else ("applicationid", client_id)
        rows = self.store.select(
            DATAVERSE,
            self.model.tables["systemuser"],
            ["systemuserid"],
            f'"{column}" = ? AND COALESCE(isdisabled, 0) = 0',
            [value],
        )
        return rows[0]["systemuserid"] if rows else None

    def reader(self, call: Call, table: Table) -> Reader:
        return Reader(self.store, self.model, table, call)

    def writer(self, user: str, behalf: str | None = None) -> Writer:
        """Return what writes for a user; `behalf` is who acts for it, if somebody does."""
        return Writer(self.store, self.model, self.security, user, behalf)

    def _acting_for(self, call: Call) -> str:
        """Return for whom a request is made: its user, or another that a header names."""
        wanted = call.headers.get("mscrmcallerid") or call.headers.get("callerobjectid")
        if not wanted:
            return call.user
        self.security.demand_everything(call.user, "prvActOnBehalfOfAnotherUser")
        users = self.model.tables["systemuser"]
        where = "systemuserid = ? AND COALESCE(isdisabled, 0) = 0"
        if not self.store.count(DATAVERSE, users, where, [wanted.lower()]):
            raise refusals.missing(users.name, wanted)
        return wanted.lower()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Do all or nothing; what was kept in memory follows the rows."""
        try:
            with self.store.transaction():
                yield
        except BaseException:
            self.reload()
            raise

    # Routes

    def _route(self, call: Call, writer: Writer | None) -> Reply:
        found = ROOT.match(call.path)
        if found is None:
            raise refusals.segment(call.path.strip("/").split("/")[0])
        rest = call.path[found.end() :].strip("/")
        segments = split_segments(rest)
        if not segments:
            return metadata.service_document(self.model, call)
        if writer is None:
            user = self._acting_for(call)
            writer = self.writer(user, call.user if user != call.user else None)
            call = replace(call, user=user)
        name, key = segment_of(segments[0])
        if name == "$batch":
            return batch.handle(self, call)
        if name == "$metadata" or name in metadata.SETS:
            return metadata.handle(self, call, segments)
        handler = actions.UNBOUND.get(name)
        if handler is not None:
            return handler(self, call, segments[0], writer)
        table = self.model.table_of_set(name)
        if len(segments) == 1:
            return self._collection(call, table, key, writer)
        return self._below(call, table, key, segments[1:], writer)

    def _collection(self, call: Call, table: Table, key: str | None, writer: Writer) -> Reply:
        if key is not None:
            return self._single(call, writer.addressed(table, key), writer)
        match call.method:
            case "GET":
                self.security.demand(call.user, "Read", table)
                return self.reader(call, table).many()
            case "POST":
                return self._create(call, table, writer)
            case _:
                raise refusals.method(call.method, table.entity_set)

    def _below(
        self, call: Call, table: Table, key: str | None, rest: list[str], writer: Writer
    ) -> Reply:
        name, _ = segment_of(rest[0])
        if key is None:
            if name == "$count":
                return self._count(call, table)
            if name.startswith("Microsoft.Dynamics.CRM."):
                return bulk.handle(self, call, table, name.rpartition(".")[2], writer)
            raise refusals.segment(name)
        reference = writer.addressed(table, key)
        if name.startswith("Microsoft.Dynamics.CRM."):
            handler = actions.BOUND.get(name.rpartition(".")[2])
            if handler is None:
                raise refusals.segment(name)
            return handler(self, call, reference, writer)
        if name in table.columns and table.columns[name].type != Type.LOOKUP:
            return self._property(call, reference, name, writer)
        return linking.navigate(self, call, reference, rest, writer)

    def _count(self, call: Call, table: Table) -> Reply:
        self.security.demand(call.user, "Read", table)
        return self.reader(call, table).count()

    # Single rows

    def _single(self, call: Call, reference: Reference, writer: Writer) -> Reply:
        match call.method:
            case "GET":
                self.security.demand(call.user, "Read", reference.table)
                row = writer.existing(reference)
                return self.reader(call, reference.table).one(row[reference.table.key])
            case "PATCH":
                return self._patch(call, reference, writer)
            case "DELETE":
                row = writer.existing(reference)
                check_match(call, row)
                with self.atomic():
                    if reference.table.name == "solution":
                        self.security.demand_everything(writer.user, "prvDeleteSolution")
                        solutions.uninstall(self, row)
                    else:
                        writer.delete(reference.table, row)
                return Reply(204, work=WRITE)
            case _:
                raise refusals.method(call.method, reference.table.entity_set)

    def _create(
        self, call: Call, table: Table, writer: Writer, identity: str = "", body: Any = None
    ) -> Reply:
        with self.atomic():
            row = self.create_deep(writer, table, call.json() if body is None else body, identity)
        return self._written(call, table, row, created=True)

    def create_deep(self, writer: Writer, table: Table, body: Any, identity: str = "") -> Row:
        """Insert a row and the related rows that its body holds."""
        if not isinstance(body, dict):
            raise refusals.payload(table.entity_set, "a JSON object was expected.")
        navigations = self.model.navigations(table)
        nested = {
            name: value
            for name, value in body.items()
            if name in navigations and isinstance(value, dict | list)
        }
        flat = {name: value for name, value in body.items() if name not in nested}
        for name, value in nested.items():
            if not navigations[name].collection:
                other = self.model.tables[navigations[name].table]
                made = self.create_deep(writer, other, value)
                flat[f"{name}@odata.bind"] = f"/{other.entity_set}({made[other.key]})"
            elif not isinstance(value, list) or navigations[name].intersect:
                raise refusals.payload(table.entity_set, f"'{name}' takes a list of new rows.")
        row = writer.create(table, flat, identity)
        for name, value in nested.items():
            if navigations[name].collection and isinstance(value, list):
                self._create_children(writer, table, row, navigations[name], value)
        return row

    def _create_children(
        self, writer: Writer, table: Table, row: Row, navigation: Navigation, items: list[Any]
    ) -> None:
        other = self.model.tables[navigation.table]
        back = self.model.way_back(other, navigation.column, table.name)
        parent = {f"{back}@odata.bind": f"/{table.entity_set}({row[table.key]})"}
        for item in items:
            if not isinstance(item, dict):
                raise refusals.payload(other.entity_set, "a JSON object was expected.")
            self.create_deep(writer, other, item | parent)

    def _patch(self, call: Call, reference: Reference, writer: Writer) -> Reply:
        table = reference.table
        row = writer.find(reference)
        if row is None:
            if "if-match" in call.headers:
                writer.existing(reference)
            body = call.json()
            if reference.key and isinstance(body, dict):
                body = writer.key_values(reference, body) | body  # what the body names wins (2.5)
            return self._create(call, table, writer, reference.id, body)
        if call.headers.get("if-none-match") == "*":
            raise refusals.exists()
        check_match(call, row)
        body = call.json()
        if reference.key and isinstance(body, dict):
            named = {name for name, _ in reference.key}
            body = {name: value for name, value in body.items() if name not in named}
        with self.atomic():
            after = writer.update(table, row, body)
        return self._written(call, table, after, created=False)

    def _written(self, call: Call, table: Table, row: Row, *, created: bool) -> Reply:
        address = row_address(call.origin, table, row)
        prefer = preferences(call)
        if not prefer.representation:
            return Reply(204, None, {"OData-EntityId": address}, work=WRITE)
        reply = self.reader(call, table).one(row[table.key])
        reply.status = 201 if created else 200
        reply.headers |= {"OData-EntityId": address, **prefer.applied()}
        reply.work = WRITE
        return reply

    def _property(self, call: Call, reference: Reference, name: str, writer: Writer) -> Reply:
        table = reference.table
        row = writer.existing(reference)
        match call.method:
            case "GET":
                self.security.demand(call.user, "Read", table)
                column = table.columns[name]
                if row[name] is None:
                    return Reply(204, rows=1)
                about = f"{table.entity_set}({row[table.key]})/{name}"
                context = f"{call.origin}/api/data/v9.2/$metadata#{about}"
                body = {"@odata.context": context, "value": shown(column, row[name])}
                return Reply(200, body, rows=1)
            case "PUT" | "DELETE":
                body = call.json() if call.method == "PUT" else {"value": None}
                if not isinstance(body, dict) or "value" not in body:
                    raise refusals.payload(table.entity_set, "the value is missing.")
                with self.atomic():
                    writer.update(table, row, {name: body["value"]})
                return Reply(204, work=WRITE)
            case _:
                raise refusals.method(call.method, name)


def check_match(call: Call, row: Row) -> None:
    """Refuse a write whose If-Match names another version."""
    wanted = call.headers.get("if-match")
    if wanted and wanted != "*" and wanted != f'W/"{row["versionnumber"]}"':
        raise refusals.stale()


def refused(error: RefusalError) -> Reply:
    """Return the body of a refusal."""
    body = {"error": {"code": error.code, "message": error.message}}
    return Reply(error.status, body, {"OData-Version": "4.0"})
