"""A lookup for a page of records: `among` is `in`, with one parameter for however many values.

Django prepares each value of an `in` by itself, and cuts it at a thousand for some databases; for a
page of a thousand records that costs more than the query.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler

Sql = tuple[str, tuple[Any, ...]]


class Among(Lookup[Any]):
    """Whether an id or a code is one of these."""

    lookup_name = "among"
    prepare_rhs = False

    def __init__(self, lhs: Any, rhs: Iterable[UUID] | Iterable[str]) -> None:
        super().__init__(lhs, list(rhs))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        column, params = self._column(compiler, connection)
        values = [value.hex if isinstance(value, UUID) else value for value in self.rhs]
        listed = "IN (SELECT value FROM json_each(%s))"
        return f"{column} {listed}", (*params, json.dumps(values))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        column, params = self._column(compiler, connection)
        return f"{column} = ANY(%s)", (*params, self.rhs)

    def _column(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        if not self.rhs:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        return column, tuple(params)
