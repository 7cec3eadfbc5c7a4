"""What a page of records needs to know of the world beyond its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from connections.systems import Lookup

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Facts:
    """Gathered once a page; entities read from it what concerns them."""

    namespace: UUID = NOBODY  # the company's: ids of new records are derived from it
    company: Lookup | None = None  # the company's row in Dataverse (E-3.66)
    team: Lookup | None = None  # its default owning team (E-3.67)
    owned_by_person: bool = True
    currency_precision: int = 2
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)  # code -> rate (E-3.95)
    # Contact to Sales: company no. -> account of its customer or vendor, None if not coupled.
    accounts: Mapping[str, Lookup | None] = field(default_factory=dict)
    # Contact from Sales: account -> (Company No., Company Name) (E-3.90).
    company_contacts: Mapping[UUID, tuple[str, str]] = field(default_factory=dict)
    left_out_parents: frozenset[UUID] = (
        frozenset()
    )  # accounts outside CUSTOMER's and VENDOR's filter
    codes: Mapping[UUID, str] = field(default_factory=dict)  # code of a new salesperson (E-3.94)
