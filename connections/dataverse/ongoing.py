"""What goes on with a customer in Sales: open opportunities, active quotes and cases (E-8.96)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from connections.batch import Part
from connections.dataverse.reading import READS, checked
from connections.errors import IntegrationError
from connections.odata import Answer

if TYPE_CHECKING:
    from connections.dataverse.adapter import Dataverse

SHOWN = 3  # names beside a count
MOST = 5000  # Dataverse counts no further


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work with a customer, and how Dataverse is asked for it."""

    table: str
    entity_set: str
    caption: str
    account: str  # the column that names the customer
    name: str
    state: int  # of what goes on

    def address(self, account: UUID) -> str:
        """Return the address of how many there are, and of the latest."""
        return (
            f"{self.entity_set}?$select={self.name}&$count=true&$top={SHOWN}"
            f"&$orderby=modifiedon%20desc"
            f"&$filter=_{self.account}_value%20eq%20{account}%20and%20statecode%20eq%20{self.state}"
        )


KINDS = (
    Kind("opportunity", "opportunities", "Open opportunities", "parentaccountid", "name", 0),
    Kind("quote", "quotes", "Active quotes", "customerid", "name", 1),
    Kind("incident", "incidents", "Active cases", "customerid", "title", 0),
)


@dataclass(frozen=True, slots=True)
class Ongoing:
    """How many there are of a kind, and the latest by name; or why that cannot be told."""

    kind: Kind
    count: int = 0
    latest: tuple[tuple[UUID, str], ...] = ()
    trouble: IntegrationError | None = None

    @property
    def is_cut(self) -> bool:
        return self.count >= MOST


def ongoing(dataverse: Dataverse, account: UUID) -> tuple[Ongoing, ...]:
    """Ask for every kind in one request; one that may not be read spoils none of the others."""
    parts = [Part("GET", kind.address(account), headers=READS) for kind in KINDS]
    answers = dataverse.reader.ask(parts)
    return tuple(_told(kind, answer) for kind, answer in zip(KINDS, answers, strict=True))


def _told(kind: Kind, answer: Answer) -> Ongoing:
    try:
        content = checked(answer).object()
        rows = answer.rows_of(content)
    except IntegrationError as error:
        return Ongoing(kind, trouble=error)
    latest = tuple((UUID(row[f"{kind.table}id"]), str(row.get(kind.name) or "")) for row in rows)
    return Ongoing(kind, int(content.get("@odata.count", len(rows))), latest)
