"""Option sets that stand for Business Central records: read, add, rename, publish (E-3.72)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from connections.causes import Cause
from connections.dataverse.reading import Reader
from connections.errors import ConfigurationError, TransientError
from connections.odata import Request
from connections.systems import Kind

JSON = {"Content-Type": "application/json"}


class OptionSets:
    """The option sets of one environment; labels are in its base language."""

    def __init__(self, reader: Reader) -> None:
        self.metadata = reader.metadata
        self.client = reader.client
        self._language: int | None = None

    def options(self, table: str, column: str) -> dict[int, str]:
        """Return the published options of a column with their labels, as they are now."""
        self.metadata.forget(table)
        known = self.metadata.described(table).table.columns.get(column)
        if known is None or known.kind != Kind.OPTION:
            message = f"Dataverse's table {table} has no option set {column}."
            raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
        return dict(known.options)

    def insert_option(
        self, table: str, column: str, label: str, *, value: int | None = None
    ) -> int:
        """Add an option and return its value, a given one or the next that is free."""
        given = {} if value is None else {"Value": value}
        content = self._act(
            "InsertOptionValue", table, column, {**given, "Label": self._label(label)}
        )
        added = content.get("NewOptionValue")
        if not isinstance(added, int):
            message = f"Dataverse did not say which value the option {label!r} got."
            raise TransientError(message, cause=Cause.MALFORMED_ANSWER)
        return added

    def rename_option(self, table: str, column: str, value: int, label: str) -> None:
        """Give an option another label."""
        content = {"Value": value, "Label": self._label(label), "MergeLabels": True}
        self._act("UpdateOptionValue", table, column, content)

    def delete_option(self, table: str, column: str, value: int) -> None:
        """Take an option out of its set."""
        self._act("DeleteOptionValue", table, column, {"Value": value})

    def publish(self, tables: Collection[str]) -> None:
        """Let everybody see what was changed."""
        named = "".join(f"<entity>{table}</entity>" for table in sorted(set(tables)))
        content = {
            "ParameterXml": f"<importexportxml><entities>{named}</entities></importexportxml>"
        }
        self._post("PublishXml", content)
        for table in tables:
            self.metadata.forget(table)

    def _act(self, action: str, table: str, column: str, content: dict[str, Any]) -> dict[str, Any]:
        named = {"EntityLogicalName": table, "AttributeLogicalName": column}
        answer = self._post(action, {**named, **content})
        self.metadata.forget(table)
        return answer

    def _post(self, action: str, content: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(content).encode()
        answer = self.client.send(Request("POST", action, body, JSON))
        return answer.object() if answer.body else {}

    def _label(self, text: str) -> dict[str, Any]:
        if self._language is None:
            self._language = self._base_language()
        return {"LocalizedLabels": [{"Label": text, "LanguageCode": self._language}]}

    def _base_language(self) -> int:
        rows = self.client.get("organizations?$select=languagecode").rows()
        return int(rows[0]["languagecode"]) if rows and rows[0].get("languagecode") else 1033
