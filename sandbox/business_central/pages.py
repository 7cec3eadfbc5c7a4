"""What each page of the API shows, prepared once as SQL that yields a record as JSON text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from sandbox import schema
from sandbox.business_central.relations import PAIRS, Pair
from sandbox.business_central.values import EMPTY_ID, encoded
from sandbox.schema import Column, Page, Table, Type
from sandbox.store import BUSINESS_CENTRAL, sql_name

LOCAL_CURRENCY = '(SELECT "localCurrencyCode" FROM "bc_generalLedgerSetup" LIMIT 1)'
LONGEST_CURRENCY_CODE = 10
# A customer's figures are shown for every customer, whether any were ever kept for it.
STATISTICS = (
    '(SELECT c."id", c."number", c."displayName", c."creditLimit", c."lastModifiedDateTime", '
    'c."__version", {figures} FROM "bc_customers" c LEFT JOIN "bc_customerStatistics" s '
    'ON s."id" = c."id")'
)
BUSINESS_RELATION = (
    "(SELECT CASE COUNT(*) WHEN 0 THEN 'None' WHEN 1 THEN MAX(r.\"linkToTable\") "
    "ELSE 'Multiple' END "
    'FROM "bc_contactBusinessRelations" r WHERE r."contactNumber" = {alias}."number")'
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a page: `value` is SQL to compare and sort by, `json` SQL that yields JSON."""

    column: Column
    value: str
    json: str


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way from a record to others; `there` is a field of them, `here` one of the record."""

    name: str
    page: Page
    there: str
    here: str
    collection: bool


# Name, table it leads to, field there, field here. Each holds where a table has the field here.
SINGLE = (
    ("currency", "currencies", "code", "currencyCode"),
    ("paymentTerm", "paymentTerms", "code", "paymentTermsCode"),
    ("shipmentMethod", "shipmentMethods", "code", "shipmentMethodCode"),
    ("customer", "customers", "number", "customerNumber"),
    ("unitOfMeasure", "unitsOfMeasure", "code", "baseUnitOfMeasureCode"),
)
# Table, name, table it leads to, field there, field here.
COLLECTIONS = (
    ("salesOrders", "salesOrderLines", "salesOrderLines", "documentNumber", "number"),
    ("salesQuotes", "salesQuoteLines", "salesQuoteLines", "documentNumber", "number"),
    (
        "postedSalesInvoices",
        "salesInvoiceLines",
        "postedSalesInvoiceLines",
        "documentNumber",
        "number",
    ),
    ("priceLists", "priceListLines", "priceListLines", "priceListCode", "code"),
    ("items", "itemUnitsOfMeasure", "itemUnitsOfMeasure", "itemNumber", "number"),
)


def source(table: Table) -> str:
    """Return what rows of a table are read from."""
    if "source" in table.extra:
        return str(table.extra["source"])
    if table.name != "customerStatistics":
        return sql_name(BUSINESS_CENTRAL, table)
    kept = ("id", "number", "displayName", "creditLimit", "lastModifiedDateTime")
    figures = ", ".join(
        f'COALESCE(s."{name}", {_blank_sql(column)}) AS "{name}"'
        for name, column in table.columns.items()
        if name not in kept
    )
    return STATISTICS.format(figures=figures)


def _blank_sql(column: Column) -> str:
    return "'0001-01-01'" if column.type == Type.DATE else "0"


@cache
def fields(page: Page, alias: str = "t") -> Mapping[str, Field]:
    """Return the fields of a page by name, for rows that stand under an alias in a query."""
    return {name: _field(page, column, alias) for name, column in page.fields.items()}


def _field(page: Page, column: Column, alias: str) -> Field:
    value = f'{alias}."{column.name}"'
    pair = pair_of(page.table, column.name)
    if pair is not None:
        related = f'"{BUSINESS_CENTRAL}_{pair.table}"'
        where = f'p."{pair.key}" = {alias}."{pair.code}"'
        value = f"COALESCE((SELECT p.\"id\" FROM {related} p WHERE {where}), '{EMPTY_ID}')"  # noqa: S608
    elif column.name in page.lcy_translated:
        value = f"(CASE WHEN {value} = '' THEN {LOCAL_CURRENCY} ELSE {value} END)"
        column = replace(column, declared="Code", max_length=LONGEST_CURRENCY_CODE)
    elif column.name == "contactBusinessRelation":
        value = BUSINESS_RELATION.format(alias=alias)
    return Field(column, value, _json(column, value))


def pair_of(table: Table, name: str) -> Pair | None:
    """Return the code that an id field follows, if the table has both."""
    pair = PAIRS.get(name)
    return pair if pair is not None and pair.code in table.columns else None


def _json(column: Column, value: str) -> str:
    match column.type:
        case Type.STRING:
            return f"json_quote({value})"
        case Type.BOOLEAN:
            return f"(CASE WHEN {value} THEN 'true' ELSE 'false' END)"
        case Type.INTEGER:
            return value
        case Type.DECIMAL:
            whole = f"CAST({value} AS INTEGER)"
            return f"(CASE WHEN {value} = {whole} THEN {whole} ELSE {value} END)"
        case Type.ENUM:
            unfit = [member for member in column.members if encoded(member) != member]
            cases = "".join(
                f" WHEN '{_quoted(member)}' THEN '\"{encoded(member)}\"'" for member in unfit
            )
            plain = f"'\"' || {value} || '\"'"
            return f"(CASE {value}{cases} ELSE {plain} END)" if unfit else plain
        case _:
            return f"'\"' || {value} || '\"'"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


@lru_cache(maxsize=1024)  # as many selections as clients think of
def record(page: Page, names: tuple[str, ...] | None, alias: str = "t") -> str:
    """Return SQL that yields a record as JSON text, still open at its end."""
    shown = fields(page, alias)
    parts = [f'\'{{"@odata.etag":"W/\\"\' || bc_etag({alias}."__version") || \'\\""\'']
    parts += [f"',\"{name}\":' || {shown[name].json}" for name in _chosen(page, names)]
    return " || ".join(parts)


def _chosen(page: Page, names: tuple[str, ...] | None) -> Sequence[str]:
    if names is None:
        return tuple(page.fields)
    return [name for name in page.fields if name in names or name == page.table.key]


@cache
def navigations(page: Page) -> Mapping[str, Navigation]:
    """Return the ways that lead from the records of a page, by name."""
    found = {}
    tables = schema.business_central()[0]
    for name, target, there, here in SINGLE:
        if here in page.table.columns and page.table.name != target:
            found[name] = Navigation(
                name, page_of(tables[target], page.route), there, here, collection=False
            )
    for table, name, target, there, here in COLLECTIONS:
        if page.table.name == table:
            found[name] = Navigation(
                name, page_of(tables[target], page.route), there, here, collection=True
            )
    return found


def page_of(table: Table, route: str) -> Page:
    """Return the page that shows a table, on this route if there is one."""
    shown = [page for page in schema.business_central()[1].values() if page.table is table]
    return next((page for page in shown if page.route == route), shown[0])


def set_name(page: Page) -> str:
    """Return the entity set under which a page stands on its route."""
    pages = schema.business_central()[1]
    return next(name for (route, name), other in pages.items() if other is page)


def caption(table: Table) -> str:
    return str(table.extra["table"])


def entity(page: Page) -> str:
    """Return the entity type of a page."""
    return str(page.table.extra["entityName"])


def is_modifiable(page: Page) -> bool:
    """Say whether records of a page can be changed; the others are only shown."""
    return any(column.updatable for column in page.fields.values())


def is_insertable(page: Page) -> bool:
    """Say whether records come and go through a page."""
    return is_modifiable(page) and not page.singleton
