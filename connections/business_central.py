"""Business Central as one side of the integration, through its API pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import convert

from connections import business_central_pages as pages
from connections.business_central_batch import Batch, Part
from connections.business_central_pages import CUSTOM_ROUTE, ID, STANDARD_ROUTE, Page
from connections.business_central_queries import (
    column_of,
    comparisons,
    filter_of,
    query,
)
from connections.business_central_values import DECODERS, TEXTS, moment
from connections.business_central_writes import Writer
from connections.causes import Cause
from connections.errors import ConfigurationError, RecordMissingError, TransientError
from connections.odata import Client, Request
from connections.shelf import OwnShelf, Shelf
from connections.systems import Record, Selection, Side, Table, Value, Write, Written

COMPANIES = "api/v2.0/companies"
LARGEST_PAGE = 20_000
METADATA_LASTS = 15 * 60.0  # seconds
LONG_AGO = datetime.min.replace(tzinfo=UTC)
ETAG = "@odata.etag"


class BusinessCentral:
    """One company, as the integration's own pages show it, else as the standard ones do.

    No page tells who changed a record, so `me` is None: our own writes are known by their version.
    """

    side = Side.BUSINESS_CENTRAL
    me: UUID | None = None

    def __init__(self, client: Client, company_id: UUID, shelf: Shelf | None = None) -> None:
        self.client = client
        self.company = f"companies({company_id})"
        self._shelf: Shelf = shelf or OwnShelf()

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.client.requests

    # What there is

    def companies(self) -> list[dict[str, Any]]:
        """Return the companies of the environment as they are told: id, name, displayName."""
        return self.client.rows(COMPANIES)

    def describe(self, table: str) -> Table:
        """Return the table's columns; metadata is asked for once in a while."""
        return self.page(table).table

    def page(self, table: str) -> Page:
        """Return the page that shows a table: the integration's own one if there is one."""
        for route in (CUSTOM_ROUTE, STANDARD_ROUTE):
            found = self._pages(route).get(table)
            if found is not None:
                return found
        message = (
            f"Business Central has no page {table}. Correct the mapping's table, or install the "
            "integration's extension in Business Central."
        )
        raise ConfigurationError(message, cause=Cause.UNKNOWN_TABLE)

    def pages_anew(self) -> dict[str, Page]:
        """Return every page there is now; of two with the same name the integration's own."""
        found: dict[str, Page] = {}
        for route in (STANDARD_ROUTE, CUSTOM_ROUTE):
            address = f"{self.client.root}{route}"
            text = self._metadata(route)
            own = pages.read_metadata(text, route) if text else {}
            self._shelf.put(address, text)
            METADATA.keep(address, own)
            found |= own
        return found

    def _pages(self, route: str) -> Mapping[str, Page]:
        """Return the pages of a route, from this process or from what another one has read."""
        address = f"{self.client.root}{route}"
        return METADATA.get(address, lambda: self._read_pages(route, address))

    def _read_pages(self, route: str, address: str) -> Mapping[str, Page]:
        text = self._shelf.take(address)
        if text is not None:
            return pages.read_metadata(text, route) if text else {}
        text = self._metadata(route)
        found = pages.read_metadata(text, route) if text else {}
        self._shelf.put(address, text)
        return found

    def _metadata(self, route: str) -> str:
        headers = {"Accept": "application/xml"}
        asked = Request("GET", f"{route}/$metadata", headers=headers, wants="text")
        try:
            answer = self.client.send(asked)
        except (ConfigurationError, RecordMissingError) as error:
            if route == CUSTOM_ROUTE and error.cause in (Cause.UNKNOWN_TABLE, Cause.DELETED):
                return ""  # the extension is not installed; the standard pages remain
            raise
        if answer.is_html:
            raise answer.not_an_api()
        return answer.body.decode("utf-8-sig", "replace")

    # Reading

    def count(self, selection: Selection) -> int:
        page = self.page(selection.table)
        if page.is_singleton:
            return 1
        condition = query(page, (), filter_text=filter_of(page, selection)).partition("&")[2]
        path = f"{self.path(page)}/$count" + (f"?{condition}" if condition else "")
        answer = self.client.get(path, wants="text")
        digits = answer.body.decode("utf-8-sig", "replace").strip()
        if answer.is_html:
            raise answer.not_an_api()
        if not digits.isdecimal():
            raise _malformed(digits)
        return int(digits)

    def read(self, selection: Selection) -> Iterator[list[Record]]:
        page = self.page(selection.table)
        filter_text = filter_of(page, selection)
        options = query(page, selection.columns, filter_text=filter_text, ordered=True)
        path = f"{self.path(page)}?{options}"
        decode = self.decoder(page, selection.columns)
        if page.is_singleton:
            content = self.client.get(path).object()
            yield [decode(row) for row in content.get("value", [content])]
            return
        prefer = f"odata.maxpagesize={min(selection.page_size, LARGEST_PAGE)}"
        for rows in self.client.pages(path, prefer=prefer):
            if rows:
                yield [decode(row) for row in rows]

    def get(self, table: str, ids: Collection[UUID], columns: Sequence[str]) -> dict[UUID, Record]:
        page = self.page(table)
        filters = list(comparisons(column_of(page, ID), ids))
        return {record.id: record for record in self._filtered(page, filters, columns)}

    def find(self, selection: Selection, column: str, values: Collection[Value]) -> list[Record]:
        page = self.page(selection.table)
        rest = filter_of(page, selection)
        filters = [
            f"({wanted}) and {rest}" if rest else wanted
            for wanted in comparisons(column_of(page, column), values)
        ]
        return self._filtered(page, filters, selection.columns)

    def _filtered(self, page: Page, filters: Sequence[str], columns: Sequence[str]) -> list[Record]:
        """Return what passes one of the filters: one request for one, a batch for several."""
        decode = self.decoder(page, columns)
        place = self.place(page)
        paths = [f"{place}?{query(page, columns, filter_text=text)}" for text in filters]
        if len(paths) == 1:
            found = self.client.pages(f"{page.route}/{paths[0]}")
            return [decode(row) for rows in found for row in rows]
        records = []
        for answer in Batch(self.client, page.route).read([Part("GET", path) for path in paths]):
            records += [decode(row) for row in answer.get("value", [])]
            if link := answer.get("@odata.nextLink"):
                records += [decode(row) for rows in self.client.pages(link) for row in rows]
        return records

    # Writing

    def write(self, table: str, writes: Sequence[Write], columns: Sequence[str]) -> list[Written]:
        if not writes:
            return []
        page = self.page(table)
        return Writer(self, page, tuple(columns)).write(writes)

    # Between the wire and records

    def path(self, page: Page) -> str:
        """Return where a page answers, below the environment's address."""
        return f"{page.route}/{self.place(page)}"

    def place(self, page: Page) -> str:
        """Return where a page answers, below its route."""
        name = page.table.name
        return name if name == "companies" else f"{self.company}/{name}"

    def decoder(self, page: Page, columns: Sequence[str]) -> Callable[[Mapping[str, Any]], Record]:
        """Return what turns a row on the wire into a record; prepared once for many rows."""
        kinds = {name: column_of(page, name).kind for name in columns}
        texts = [name for name, kind in kinds.items() if kind in TEXTS]
        fields = [(name, DECODERS[kind]) for name, kind in kinds.items() if kind not in TEXTS]
        table, modified = page.table.name, page.modified_column

        def decode(row: Mapping[str, Any]) -> Record:
            try:
                values: dict[str, Value] = {name: row[name] or "" for name in texts}
                for name, decoded in fields:
                    values[name] = decoded(row[name])
                return Record(
                    table,
                    convert(row[ID], UUID),
                    (moment(row.get(modified)) if modified else None) or LONG_AGO,
                    row.get(ETAG, ""),
                    values,
                )
            except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
                raise _malformed(repr(error)) from error

        return decode


def _malformed(reason: str) -> TransientError:
    message = "Business Central answered with a record that cannot be read."
    return TransientError(message, cause=Cause.MALFORMED_ANSWER, detail=reason[:200])


class Metadata:
    """Keeps what routes say of themselves for a while, for all runs of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Mapping[str, Page]]] = {}

    def get(self, address: str, read: Callable[[], Mapping[str, Page]]) -> Mapping[str, Page]:
        """Return the pages at an address; they are read if they are not known or old."""
        with self._lock:
            kept = self._kept.get(address)
            if kept is not None and kept[0] > time.monotonic():
                return kept[1]
            found = read()
            self._keep(address, found)
            return found

    def keep(self, address: str, found: Mapping[str, Page]) -> None:
        """Keep what was just read anew."""
        with self._lock:
            self._keep(address, found)

    def _keep(self, address: str, found: Mapping[str, Page]) -> None:
        self._kept[address] = (time.monotonic() + METADATA_LASTS, found)

    def forget(self) -> None:
        """Read everything anew when it is needed next."""
        with self._lock:
            self._kept.clear()


METADATA = Metadata()
