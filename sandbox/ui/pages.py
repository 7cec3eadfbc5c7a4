"""Plain pages on the control port: both systems' tables, lists, records and forms.

The pages' own addresses are `/ui/bc/<entity set>/<id>` and `/ui/sales/<logical name>/<id>`. Links
in the form of the real web clients lead to the same pages, if the web client address of a set-up is
that of the control port:

- Business Central: `/?company=<name>&page=<number>&filter='<field>' IS '<value>'`, where the page
  is one of CLIENT_PAGES and the field a caption ("No.", "Code") or SystemId; no filter, the list.
- Sales: `/main.aspx?etn=<logical name>&pagetype=entityrecord&id=<id>`, with or without braces
  around the id; with `pagetype=entitylist`, the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.http import Call, Reply
from sandbox.schema import Column, Table, Type
from sandbox.store import BUSINESS_CENTRAL, Row
from sandbox.ui.forms import changes, read_form, record_form
from sandbox.ui.html import Child, Markup, element, joined, link, page, redirect, style
from sandbox.ui.opening import REDIRECT, open_links
from sandbox.ui.records import (
    BLANKS,
    PAGE,
    BusinessCentralRecords,
    Records,
    Refused,
    SalesRecords,
)

if TYPE_CHECKING:
    from sandbox.world import World

# Cards and lists of Business Central by their number.
CLIENT_PAGES: Mapping[int, str] = {
    4: "paymentTerms",
    5: "currencies",
    7: "customerPriceGroups",
    11: "shipmentMethods",
    14: "salespeoplePurchasers",
    21: "customers",
    22: "customers",
    26: "vendors",
    27: "vendors",
    30: "items",
    31: "items",
    42: "salesOrders",
    76: "resources",
    77: "resources",
    132: "postedSalesInvoices",
    143: "postedSalesInvoices",
    209: "unitsOfMeasure",
    428: "shippingAgents",
    495: "currencies",
    5050: "contacts",
    5052: "contacts",
    5116: "salespeoplePurchasers",
    5123: "opportunities",
    5124: "opportunities",
    9300: "salesQuotes",
    9305: "salesOrders",
}
CLIENT_FILTER = re.compile(
    r"^\s*(?:\w+\.)?'?(?P<field>[^']+?)'?\s+IS\s+'?(?P<value>.*?)'?\s*$", re.IGNORECASE
)
NOT_FOUND = "There is no such page"
NO_INTEGRATION = "Integration with Dynamics 365 Sales or Dataverse is not enabled."


def handle(world: World, call: Call) -> Reply:
    """Answer a page, or a form that was sent."""
    if call.method == "POST" and not _is_from_here(call):
        return page("Refused", _refusal("Forms are taken from these pages only."), status=403)
    if call.method not in ("GET", "HEAD", "POST"):
        return page("Refused", _refusal(f"{call.method} is not for pages."), status=405)
    query = dict(parse_qsl(call.query, keep_blank_values=True))
    if call.path == "/ui/style.css":
        return style()
    if call.path.rstrip("/").endswith("main.aspx"):
        return _sales_link(query)
    if not call.path.startswith("/ui/"):
        return _business_central_link(world, query)
    parts = [part for part in call.path.removeprefix("/ui/").split("/") if part]
    return _answer(world, call, parts, query)


def _is_from_here(call: Call) -> bool:
    """Say whether one of these pages sent a form, by whichever loopback name it was opened."""
    here = urlsplit(call.origin)
    allowed = {
        f"{here.scheme}://{host}:{here.port}" for host in ("127.0.0.1", "localhost", "[::1]")
    }
    origin = call.headers.get("origin")
    if origin is None:  # no browser; one always says where a form comes from
        return call.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return origin in allowed


def _sales_link(query: Mapping[str, str]) -> Reply:
    table, key = query.get("etn", ""), query.get("id", "").strip("{}")
    if not table:
        return redirect("sales")
    is_list = query.get("pagetype") == "entitylist" or not key
    return redirect("sales", table) if is_list else redirect("sales", table, key)


def _business_central_link(world: World, query: Mapping[str, str]) -> Reply:
    number = query.get("page", "")
    if number == str(REDIRECT):
        return page("Dataverse Redirect", _refusal(NO_INTEGRATION), status=400)
    name = CLIENT_PAGES.get(int(number)) if number.isdecimal() else None
    if name is None:
        return redirect("bc") if "company" in query else redirect("")
    found = CLIENT_FILTER.match(query.get("filter", ""))
    if found is None:
        return redirect("bc", name)
    records = BusinessCentralRecords(world)
    table, field, value = records.tables[name], found["field"], found["value"].replace("''", "'")
    captions = {c.caption: c.name for c in table.columns.values()} | {"SystemId": "id"}
    column = captions.get(field, "id")
    value = value.lower() if column == "id" else value
    rows = records.store.select(BUSINESS_CENTRAL, table, ["id"], f'"{column}" = ?', [value])
    return redirect("bc", name, rows[0]["id"]) if len(rows) == 1 else redirect("bc", name, q=value)


def _answer(world: World, call: Call, parts: list[str], query: Mapping[str, str]) -> Reply:
    sides: tuple[Records, ...] = (BusinessCentralRecords(world), SalesRecords(world))
    if not parts:
        return page("Both systems", element("div", *(_tables(s) for s in sides), class_="sides"))
    records = next((side for side in sides if side.path == parts[0]), None)
    if records is None:
        return _missing()
    if len(parts) == 1:
        return page(records.title, _tables(records))
    table = records.tables.get(parts[1])
    if table is None:
        return _missing()
    match parts[2:]:
        case []:
            return _list(records, table, query)
        case ["new"]:
            return _new(records, table, call)
        case [key] | [key, "edit"]:
            return _one(records, table, key, call, query)
        case _:
            return _missing()


def _one(records: Records, table: Table, key: str, call: Call, query: Mapping[str, str]) -> Reply:
    row = records.find(table, key)
    if row is None:
        return _missing(f"There is no record {key} in {records.caption(table)}.")
    if call.method == "POST":
        return _change(records, table, row, read_form(call.body))
    if call.path.rstrip("/").endswith("/edit"):
        return _edit(records, table, row)
    return _record(records, table, row, query)


def _missing(text: str = "Look for it from the start.") -> Reply:
    return page(NOT_FOUND, element("p", text), link("/ui/", "Both systems"), status=404)


def _refusal(text: str) -> Markup:
    return element("p", text, class_="refusal", role="alert")


def _tables(records: Records) -> Markup:
    """Return the tables of a system with their counts, empty ones last."""
    counts = {n: records.store.count(records.system, t) for n, t in records.tables.items()}
    names = sorted(counts, key=lambda n: (not counts[n], records.caption(records.tables[n])))
    rows = [
        element(
            "tr",
            element("td", link(f"/ui/{records.path}/{n}", records.caption(records.tables[n]))),
            element("td", n, class_="quiet"),
            element("td", f"{counts[n]:,}", class_="number"),
        )
        for n in names
    ]
    heading = element("h2", link(f"/ui/{records.path}", records.title, class_=records.path))
    return element("section", heading, element("table", *rows), class_="card")


def _list(records: Records, table: Table, query: Mapping[str, str]) -> Reply:
    search, asked = query.get("q", ""), query.get("page", "1")
    number = max(1, int(asked)) if asked.isdigit() and len(asked) < 8 else 1
    rows, count = records.listed(table, search, number)
    columns = records.headline(table)
    heads = [element("th", column.label or column.name) for column in columns]
    lines = [element("tr", *_cells(records, table, columns, row)) for row in rows]
    address = f"/ui/{records.path}/{table.name}"
    find = element(
        "form",
        element("input", type="search", name="q", value=search, aria_label="Search"),
        element("button", "Search"),
        link(f"{address}/new", "New", class_="button main")
        if _can_create(records, table)
        else None,
        element("span", f"{count:,} records", class_="quiet"),
        action=address,
        class_="bar",
    )
    body: Child = element(
        "table", element("thead", element("tr", *heads)), element("tbody", *lines)
    )
    if not rows:
        body = element(
            "p", "Nothing found." if search else "There is nothing here yet.", class_="quiet"
        )
    pages = _page_links(address, search, number, ceil(count / PAGE))
    return page(records.caption(table), find, element("div", body, class_="card"), pages)


def _can_create(records: Records, table: Table) -> bool:
    return bool(records.editable(table, creates=True))


def _cells(records: Records, table: Table, columns: list[Column], row: Row) -> list[Markup]:
    """Return a record's cells; the first with something in it leads to the record."""
    cells = []
    address: str | None = records.address(table.name, str(row[table.key]))
    for column in columns:
        value = records.shown(table, column, row)
        if address and value:
            plain = value if not isinstance(value, Markup) else str(row[column.name])
            value, address = link(address, plain), None
        is_number = column.type in (Type.DECIMAL, Type.INTEGER)
        cells.append(element("td", value, class_="number" if is_number else None))
    if address:
        cells[0] = element("td", link(address, "(no name)"))
    return cells


def _page_links(address: str, search: str, number: int, last: int) -> Markup:
    def to(target: int, text: str) -> Markup | None:
        if not 1 <= target <= last or target == number:
            return None
        return link(f"{address}?{urlencode({'q': search, 'page': target})}", text)

    middle = element("span", f"Page {number} of {max(last, 1)}", class_="quiet")
    return element("p", to(number - 1, "Previous"), middle, to(number + 1, "Next"), class_="bar")


def _record(records: Records, table: Table, row: Row, query: Mapping[str, str]) -> Reply:
    saved = element("p", "Saved.", class_="notice", role="status") if "saved" in query else None
    return page(_title(records, table, row), saved, _sheet(records, table, row))


def _title(records: Records, table: Table, row: Row) -> str:
    return f"{records.caption(table)}: {records.name(table, row)}"


def _sheet(records: Records, table: Table, row: Row) -> Markup:
    """Return all columns of a record, those that are blank apart."""
    filled: list[Markup] = []
    blank: list[Markup] = []
    for column in table.columns.values():
        value = records.shown(table, column, row)
        line = element(
            "tr",
            element("th", column.label or column.name),
            element("td", column.name, class_="quiet"),
            element("td", value),
        )
        (blank if row[column.name] in BLANKS else filled).append(line)
    others = element(
        "details",
        element("summary", f"{len(blank)} blank fields"),
        element("table", *blank, class_="sheet"),
    )
    return joined(
        _record_bar(records, table, row),
        element("div", element("table", *filled, class_="sheet"), others, class_="card"),
    )


def _record_bar(records: Records, table: Table, row: Row) -> Markup:
    """Return what can be done with a record."""
    address = records.address(table.name, str(row[table.key]))
    edit = delete = None
    opens = open_links(records, table, row) if isinstance(records, SalesRecords) else []
    if records.editable(table, creates=False):
        edit = link(f"{address}/edit", "Edit", class_="button main")
    if records.has_many(table):
        version = element("input", type="hidden", name="version", value=records.version(row))
        button = element("button", "Delete", class_="danger", name="action", value="delete")
        delete = element("form", version, button, method="post", action=address)
    back = link(f"/ui/{records.path}/{table.name}", "Back to the list")
    return element("div", edit, *opens, delete, back, class_="bar")


def _edit(
    records: Records,
    table: Table,
    row: Row,
    entered: Mapping[str, str] | None = None,
    refusal: str = "",
) -> Reply:
    title = _title(records, table, row) if row else f"New: {records.caption(table)}"
    notice = _refusal(refusal) if refusal else None
    form = record_form(records, table, row, entered or {})
    return page(title, notice, form, status=400 if refusal else 200)


def _new(records: Records, table: Table, call: Call) -> Reply:
    if not _can_create(records, table):
        return _missing(f"Nobody makes records of {records.caption(table)} by hand.")
    if call.method != "POST":
        return _edit(records, table, {})
    form = read_form(call.body)
    try:
        key = records.create(table, changes(records, table, {}, form))
    except Refused as refused:
        return _edit(records, table, {}, form, refused.text)
    return redirect(records.path, table.name, key, saved="1")


def _change(records: Records, table: Table, row: Row, form: Mapping[str, str]) -> Reply:
    version = form.get("version", "")
    try:
        if form.get("action") == "delete" and records.has_many(table):
            records.delete(table, row, version)
            return redirect(records.path, table.name)
        values = changes(records, table, row, form)
        if values:
            records.change(table, row, values, version)
    except Refused as refused:
        if form.get("action") == "delete":
            notice = _refusal(refused.text)
            return page(
                _title(records, table, row), notice, _sheet(records, table, row), status=400
            )
        return _edit(records, table, row, form, refused.text)
    return redirect(records.path, table.name, str(row[table.key]), saved="1")
