"""The Dataverse side of the integration."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from connections.causes import Cause
from connections.dataverse.filters import encoded, filter_of
from connections.dataverse.option_sets import OptionSets
from connections.dataverse.reading import Reader
from connections.dataverse.rows import Rows
from connections.dataverse.teams import Teams
from connections.dataverse.writing import Writing
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.odata import Client
from connections.shelf import OwnShelf, Shelf
from connections.systems import Record, Selection, Side, Table, Value, Write, Written

WHO = "WhoAmI"


class Dataverse:
    """One environment, as the integration user sees it.

    It remembers who we are and what the tables look like; a shelf keeps that for other processes.
    """

    def __init__(self, client: Client, shelf: Shelf | None = None) -> None:
        self.client = client
        self.shelf = shelf or OwnShelf()
        self.reader = Reader(client, self.shelf)
        self.option_sets = OptionSets(self.reader)
        self.teams = Teams(client)
        self._me: UUID | None = None

    @property
    def side(self) -> Side:
        return Side.DATAVERSE

    @property
    def me(self) -> UUID:
        if self._me is None:
            kept = self.shelf.take(WHO)
            self._me = UUID(kept) if kept else self.who_am_i()
        return self._me

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.client.requests

    def who_am_i(self) -> UUID:
        """Ask who the integration user is, whatever is remembered."""
        answer = self.client.get(WHO)
        try:
            self._me = UUID(str(answer.object()["UserId"]))
        except (KeyError, ValueError) as error:
            message = "Dataverse did not say who the integration user is."
            raise TransientError(message, cause=Cause.MALFORMED_ANSWER) from error
        self.shelf.put(WHO, str(self._me))
        return self._me

    def describe(self, table: str) -> Table:
        return self.reader.metadata.described(table).table

    def forget(self, table: str) -> None:
        """Read the table's metadata again when it is needed next."""
        self.reader.metadata.forget(table)

    def count(self, selection: Selection) -> int:
        """Return how many records there are; Dataverse counts to 5,000."""
        described = self.reader.metadata.described(selection.table)
        condition = filter_of(described, selection)
        query = f"?$filter={encoded(condition)}" if condition else ""
        answer = self.client.get(f"{described.entity_set}/$count{query}", wants="text")
        digits = answer.body.decode("utf-8-sig", "replace").strip()
        if answer.is_html:
            raise answer.not_an_api()
        if not digits.isdecimal():
            message = "Dataverse answered with something that is no number of records."
            raise TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=digits[:80])
        return int(digits)

    def read(self, selection: Selection) -> Iterator[list[Record]]:
        described = self.reader.metadata.described(selection.table)
        condition = filter_of(described, selection)
        rows = Rows(described, self._known(selection.table, selection.columns))
        return self.reader.pages(described, rows, condition, selection.page_size)

    def get(self, table: str, ids: Collection[UUID], columns: Sequence[str]) -> dict[UUID, Record]:
        if not ids:
            return {}
        described = self.reader.metadata.described(table)
        rows = Rows(described, self._known(table, columns))
        return self.reader.get(described, rows, list(dict.fromkeys(ids)))

    def find(self, selection: Selection, column: str, values: Collection[Value]) -> list[Record]:
        if not values:
            return []
        described = self.reader.metadata.described(selection.table)
        self._known(selection.table, [column])
        rows = Rows(described, self._known(selection.table, selection.columns))
        condition = filter_of(described, selection)
        wanted = list(dict.fromkeys(values))
        return self.reader.any_of(
            described, rows, condition, described.table.columns[column], wanted
        )

    def write(self, table: str, writes: Sequence[Write], columns: Sequence[str]) -> list[Written]:
        if not writes:
            return []
        described = self.reader.metadata.described(table)
        shown = self._known(table, columns)
        return Writing(self.reader, described, self.me, writes, shown).carry_out()

    # Option mappings

    def options(self, table: str, column: str) -> dict[int, str]:
        """Return the values of an option set with their labels, as they are now."""
        return self.option_sets.options(table, column)

    def insert_option(
        self, table: str, column: str, label: str, *, value: int | None = None
    ) -> int:
        """Add a value, under a number of its own if none is given; return the number."""
        return self.option_sets.insert_option(table, column, label, value=value)

    def rename_option(self, table: str, column: str, value: int, label: str) -> None:
        """Change the label of a value."""
        self.option_sets.rename_option(table, column, value, label)

    def publish(self, tables: Collection[str]) -> None:
        """Publish the customizations of these tables, so that people see them."""
        self.option_sets.publish(tables)

    # Teams

    def members(self, team: UUID) -> frozenset[UUID]:
        """Return the users in a team."""
        return self.teams.members(team)

    def add_members(
        self, team: UUID, users: Sequence[UUID]
    ) -> Mapping[UUID, IntegrationError | None]:
        """Put users into a team and say of each why not."""
        return self.teams.add_members(team, users)

    # Inside

    def _known(self, table: str, columns: Sequence[str]) -> tuple[str, ...]:
        known = self.reader.metadata.described(table).table.columns
        for name in columns:
            if name not in known:
                message = (
                    f"Dataverse's table {table} has no column {name}. Correct the mapping, or "
                    "install the solution that brings the column."
                )
                raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)
        return tuple(dict.fromkeys(columns))
