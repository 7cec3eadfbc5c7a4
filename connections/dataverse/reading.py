"""Asks Dataverse for rows in as few requests as their ids or values allow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlsplit
from uuid import UUID

from connections.batch import MOST_ADDRESS, MOST_PARTS, Part, batch_answers, batch_request
from connections.dataverse.filters import any_of, chunks, encoded, joined
from connections.dataverse.metadata import Described, Metadata
from connections.dataverse.rows import Rows
from connections.odata import Answer, Client, refusal
from connections.shelf import Shelf
from connections.systems import Column, Kind, Record, Value

MOST_PLAIN_ADDRESS = 30_000  # Dataverse takes 32 KB
MOST_PLAIN_VALUES = 500  # more will not fit
PAGE = 5000
READS = b"Accept: application/json\r\n"


class Reader:
    """Reads through one client; knows what the tables look like."""

    def __init__(self, client: Client, shelf: Shelf | None = None) -> None:
        self.client = client
        self.metadata = Metadata(self.ask, shelf)
        self.root_path = urlsplit(client.root).path

    def ask(self, parts: Sequence[Part]) -> list[Answer]:
        """Put questions in one message; refusals are among the answers."""
        request = batch_request(self.root_path, parts, repeatable=True)
        return batch_answers(self.client.send(request), len(parts))

    def pages(
        self, described: Described, rows: Rows, condition: str, page_size: int
    ) -> Iterator[list[Record]]:
        """Yield the rows that fit, the one changed longest ago first."""
        order = f"modifiedon,{described.key}" if "modifiedon" in described.table.columns else ""
        path = address(described, rows, condition, order)
        prefer = ",".join(
            filter(None, [f"odata.maxpagesize={min(page_size, PAGE)}", rows.annotations])
        )
        for page in self.client.pages(path, prefer=prefer):
            if page:
                yield rows.records(page)

    def get(self, described: Described, rows: Rows, ids: Collection[UUID]) -> dict[UUID, Record]:
        """Return those of the rows that exist."""
        key = described.table.columns.get(described.key) or Column(described.key, Kind.GUID)
        found = self.any_of(described, rows, "", key, ids)
        by_id = {record.id: record for record in found}
        return {identity: by_id[identity] for identity in ids if identity in by_id}

    def any_of(
        self,
        described: Described,
        rows: Rows,
        condition: str,
        column: Column,
        values: Collection[Value],
    ) -> list[Record]:
        """Return the rows that fit and whose column holds one of the values."""
        if not values:
            return []
        whole = ""
        if len(values) <= MOST_PLAIN_VALUES:
            whole = address(described, rows, joined([condition, any_of(column, values)]))
        if whole and len(whole) <= MOST_PLAIN_ADDRESS:
            pages = self.client.pages(whole, prefer=rows.annotations)
            return [record for page in pages for record in rows.records(page)]
        room = MOST_ADDRESS - len(address(described, rows, condition))
        paths = [
            address(described, rows, joined([condition, text]))
            for text in chunks(column, values, room)
        ]
        records: list[Record] = []
        for start in range(0, len(paths), MOST_PARTS):
            records += self._batched(rows, paths[start : start + MOST_PARTS])
        return records

    def _batched(self, rows: Rows, paths: Sequence[str]) -> list[Record]:
        prefer = f"Prefer: {rows.annotations}\r\n".encode() if rows.annotations else b""
        parts = [Part("GET", path, headers=READS + prefer) for path in paths]
        records: list[Record] = []
        for answer in self.ask(parts):
            content = checked(answer).object()
            records += rows.records(answer.rows_of(content))
            link = content.get("@odata.nextLink")
            if link:
                for page in self.client.pages(link, prefer=rows.annotations):
                    records += rows.records(page)
        return records


def address(described: Described, rows: Rows, condition: str, order: str = "") -> str:
    """Return the address of the rows that fit, below the service root."""
    path = f"{described.entity_set}?$select={rows.select}"
    if condition:
        path += f"&$filter={encoded(condition)}"
    return f"{path}&$orderby={order}" if order else path


def checked(answer: Answer) -> Answer:
    """Return the answer to a question within a batch; raise what a refusal stands for."""
    if answer.status < 400:
        return answer
    code, message = answer.refused()
    raise refusal(
        answer.side,
        answer.status,
        code,
        message,
        reads=True,
        detail=answer.request_id,
        retry_after=answer.retry_after,
    )
