"""Keeps the rows of both systems in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sandbox import schema
from sandbox.odata import text
from sandbox.schema import Column, Table, Type

Row = dict[str, Any]
DATAVERSE, BUSINESS_CENTRAL = "dataverse", "bc"
SQL_TYPES = {
    Type.INTEGER: "INTEGER",
    Type.BOOLEAN: "INTEGER",
    Type.OPTION: "INTEGER",
    Type.DECIMAL: "REAL",
}
# Columns that clients look rows up by, beyond keys and modification times.
INDEXED = {
    "account": ("emailaddress1", "accountnumber", "name", "parentaccountid", "primarycontactid"),
    "contact": ("emailaddress1", "parentcustomerid"),
    "opportunity": ("customerid",),
    "quote": ("customerid",),
    "salesorder": ("customerid",),
    "invoice": ("customerid", "salesorderid"),
    "quotedetail": ("quoteid", "productid"),
    "salesorderdetail": ("salesorderid", "productid"),
    "invoicedetail": ("invoiceid", "productid"),
    "annotation": ("objectid",),
    "uom": ("uomscheduleid",),
    "systemuser": ("internalemailaddress", "applicationid"),
    "contactBusinessRelations": ("contactNumber", "number"),
    "product": ("productnumber",),
    "productpricelevel": ("productid", "pricelevelid"),
    "customers": ("email", "primaryContactNumber"),
    "vendors": ("email", "primaryContactNumber"),
    "opportunities": ("contactNumber",),
    "salesOrders": ("customerNumber",),
    "salesQuotes": ("customerNumber",),
    "customerLedgerEntries": ("customerNumber",),
    "itemLedgerEntries": ("itemNumber",),
    "unitGroups": ("sourceId",),
    "contacts": ("email", "companyNumber"),
}


class Store:
    """Rows as dictionaries of SQL values; lookups are ids, their table stands in `<column>__t`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.execute("PRAGMA cache_size=-200000")
        text.add_functions(self.connection)
        self.offsets = {DATAVERSE: timedelta(0), BUSINESS_CENTRAL: timedelta(0)}
        self._depth = 0
        self._create()
        self.version = self._kept_version()
        self._last_time = datetime.min.replace(tzinfo=UTC)

    def _create(self) -> None:
        run = self.connection.execute
        run("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
        columns = "system TEXT, tbl TEXT, id TEXT, version INTEGER"
        run(f"CREATE TABLE IF NOT EXISTS tombstones ({columns})")
        run("CREATE INDEX IF NOT EXISTS tombstone ON tombstones (system, tbl, version)")
        for table in schema.dataverse().values():
            self._create_table(DATAVERSE, table)
        for table in schema.business_central()[0].values():
            self._create_table(BUSINESS_CENTRAL, table)

    def _create_table(self, system: str, table: Table) -> None:
        collation = " COLLATE NOCASE" if system == DATAVERSE else ""
        columns = []
        for column in table.columns.values():
            if column.name == table.key:
                continue
            declared = SQL_TYPES.get(column.type, f"TEXT{collation}")
            columns.append(f'"{column.name}" {declared}')
            if column.is_polymorphic:
                columns.append(f'"{column.name}__t" TEXT')
        if system == BUSINESS_CENTRAL:
            columns += ['"__version" INTEGER', '"__created" TEXT', '"__by" TEXT']
        name = sql_name(system, table)
        run = self.connection.execute
        rest = ", ".join(columns)
        run(f'CREATE TABLE IF NOT EXISTS {name} ("{table.key}" TEXT PRIMARY KEY, {rest})')
        modified = "modifiedon" if system == DATAVERSE else "lastModifiedDateTime"
        version = "versionnumber" if system == DATAVERSE else "__version"
        indexed: list[tuple[str, ...]] = [
            (version,),
            *((name,) for name in INDEXED.get(table.name, ())),
        ]
        if modified in table.columns:
            indexed.append((modified, table.key))
        if table.natural_key:
            indexed.append(table.natural_key)
        for wanted in indexed:
            named = "_".join(wanted)
            listed = ", ".join(f'"{column}"' for column in wanted)
            run(f'CREATE INDEX IF NOT EXISTS "{system}_{table.name}_{named}" ON {name} ({listed})')

    # Time and versions

    def now(self, system: str) -> datetime:
        """Return the system's clock."""
        return datetime.now(UTC) + self.offsets[system]

    def next_version(self) -> int:
        self.version += 1
        return self.version

    def _kept_version(self) -> int:
        return int(self.get_meta("version") or 1_000_000)

    def get_meta(self, name: str) -> str | None:
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # Transactions

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all or nothing; may be nested."""
        name = f"s{self._depth}"
        self.connection.execute("BEGIN" if self._depth == 0 else f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            self.connection.execute("ROLLBACK" if self._depth == 0 else f"ROLLBACK TO {name}")
            if self._depth:
                self.connection.execute(f"RELEASE {name}")
            raise
        self._depth -= 1
        if self._depth == 0:
            self.set_meta("version", str(self.version))
            self.connection.execute("COMMIT")
        else:
            self.connection.execute(f"RELEASE {name}")

    # Rows

    def select(
        self,
        system: str,
        table: Table,
        columns: Sequence[str],
        where: str = "",
        parameters: Sequence[Any] = (),
        tail: str = "",
    ) -> list[Row]:
        """Return rows as dictionaries of the columns asked for."""
        listed = ", ".join(f'"{name}"' for name in columns)
        query = f"SELECT {listed} FROM {sql_name(system, table)}"
        if where:
            query += f" WHERE {where}"
        cursor = self.connection.execute(f"{query} {tail}", tuple(parameters))
        return [dict(zip(columns, row, strict=True)) for row in cursor]

    def get(self, system: str, table: Table, key: str) -> Row | None:
        """Return one row with all its columns."""
        columns, query = _whole_row(system, table)
        row = self.connection.execute(query, (key.lower(),)).fetchone()
        return dict(zip(columns, row, strict=True)) if row else None

    def count(
        self, system: str, table: Table, where: str = "", parameters: Sequence[Any] = ()
    ) -> int:
        query = f"SELECT COUNT(*) FROM {sql_name(system, table)}"
        if where:
            query += f" WHERE {where}"
        found: int = self.connection.execute(query, tuple(parameters)).fetchone()[0]
        return found

    def insert(self, system: str, table: Table, row: Mapping[str, Any]) -> None:
        self.insert_many(system, table, [row])

    def insert_many(self, system: str, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows that share their columns; raises sqlite3.IntegrityError on a taken id."""
        rows = list(rows)
        if not rows:
            return
        columns = list(rows[0])
        listed = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * len(columns))
        self.connection.executemany(
            f"INSERT INTO {sql_name(system, table)} ({listed}) VALUES ({marks})",
            ([row[name] for name in columns] for row in rows),
        )

    def update(self, system: str, table: Table, key: str, values: Mapping[str, Any]) -> None:
        assigned = ", ".join(f'"{name}" = ?' for name in values)
        self.connection.execute(
            f'UPDATE {sql_name(system, table)} SET {assigned} WHERE "{table.key}" = ?',
            (*values.values(), key),
        )

    def delete(self, system: str, table: Table, key: str) -> None:
        """Remove a row and remember that it was there."""
        self.connection.execute(
            f'DELETE FROM {sql_name(system, table)} WHERE "{table.key}" = ?', (key,)
        )
        self.connection.execute(
            "INSERT INTO tombstones VALUES (?, ?, ?, ?)",
            (system, table.name, key, self.next_version()),
        )

    def deleted_since(self, system: str, table: Table, version: int) -> list[str]:
        """Return the ids of rows that were deleted after a version and did not come back."""
        name = sql_name(system, table)
        rows = self.connection.execute(
            "SELECT id FROM tombstones WHERE system = ? AND tbl = ? AND version > ? AND id NOT IN "
            f'(SELECT "{table.key}" FROM {name}) GROUP BY id ORDER BY MIN(version)',
            (system, table.name, version),
        )
        return [row[0] for row in rows]

    def clear(self, system: str) -> None:
        """Empty every table of a system."""
        tables = (
            schema.dataverse().values()
            if system == DATAVERSE
            else schema.business_central()[0].values()
        )
        for table in tables:
            self.connection.execute(f"DELETE FROM {sql_name(system, table)}")
        self.connection.execute("DELETE FROM tombstones WHERE system = ?", (system,))
        self.connection.execute("DELETE FROM meta WHERE name LIKE ?", (f"{system}:%",))


def sql_name(system: str, table: Table) -> str:
    return f'"{system}_{table.name}"'


@cache
def _whole_row(system: str, table: Table) -> tuple[Sequence[str], str]:
    """Return the columns of a row and the query for one by its key."""
    columns = all_columns(system, table)
    listed = ", ".join(f'"{name}"' for name in columns)
    return columns, f'SELECT {listed} FROM {sql_name(system, table)} WHERE "{table.key}" = ?'


@cache
def all_columns(system: str, table: Table) -> Sequence[str]:
    """Return every stored column of a table, those of polymorphic lookups' tables included."""
    names = []
    for column in table.columns.values():
        names.append(column.name)
        if column.is_polymorphic:
            names.append(f"{column.name}__t")
    if system == BUSINESS_CENTRAL:
        names += ["__version", "__created", "__by"]
    return tuple(names)


def stored_columns(table: Table, columns: Iterable[Column]) -> list[str]:
    """Return the stored columns behind these, the key always first."""
    names = [table.key]
    for column in columns:
        if column.name != table.key:
            names.append(column.name)
        if column.is_polymorphic:
            names.append(f"{column.name}__t")
    return list(dict.fromkeys(names))


def seconds(moment: datetime) -> str:
    """Return a time as Dataverse keeps it: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(moment: datetime) -> str:
    """Return a time as Business Central keeps it."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond // 1000:03}Z"


def guid(text: str) -> str:
    """Return an id in the form that is stored; raises ValueError."""
    return str(UUID(text))
