"""Open quotes and orders of Sales that name retired products: somebody has to exchange them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connections.systems import Condition, Lookup, Operator, Record, Selection, System

RETIRED = 1
PAGE = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A document with lines, and the states in which people still work with it."""

    table: str
    lines: str
    parent: str  # the column of a line that names its document
    caption: str
    open_states: tuple[int, ...] = (0, 1)


KINDS = (
    Kind("quote", "quotedetail", "quoteid", "open quote"),
    Kind("salesorder", "salesorderdetail", "salesorderid", "open order"),
)


def naming_retired(dataverse: System) -> str:
    """Say how many open documents name a product that is retired, or ""."""
    counted = [(kind, sum(_of_page(dataverse, kind))) for kind in KINDS]
    found = [f"{n} {kind.caption}{'s' if n > 1 else ''}" for kind, n in counted if n]
    return f"{' and '.join(found)} in Sales name retired products." if found else ""


def _of_page(dataverse: System, kind: Kind) -> Iterator[int]:
    """Yield, for each page of open documents, how many of them name a retired product."""
    states = Condition("statecode", Operator.IN, kind.open_states)
    selection = Selection(kind.table, ("statecode",), (states,), page_size=PAGE)
    for page in dataverse.read(selection):
        lines = _lines(dataverse, kind, page)
        products = {product.id for product, _ in lines}
        rows = dataverse.get("product", products, ("statecode",)) if products else {}
        retired = {row.id for row in rows.values() if row.values.get("statecode") == RETIRED}
        yield len({document for product, document in lines if product.id in retired})


def _lines(dataverse: System, kind: Kind, page: Sequence[Record]) -> list[tuple[Lookup, Lookup]]:
    """Return product and document of each line that names a product."""
    documents = [Lookup(kind.table, row.id) for row in page]
    selection = Selection(kind.lines, (kind.parent, "productid"))
    found = []
    for line in dataverse.find(selection, kind.parent, documents):
        product, document = line.values.get("productid"), line.values.get(kind.parent)
        if isinstance(product, Lookup) and isinstance(document, Lookup):
            found.append((product, document))
    return found
