"""What a page of records needs to know of the world beyond its own fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from connections.systems import Lookup, Record, Values

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of Sales and the unit group that it belongs to."""

    row: Lookup
    group: Lookup
    quantity: Decimal = Decimal(1)
    name: str = ""


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """A unit group of Sales with its units."""

    row: Record
    units: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceList:
    """A price list of Sales, as its prices need to know it."""

    row: Lookup
    currency: Lookup | None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Product:
    """A product of Sales, as its prices need to know it."""

    row: Lookup
    group: Lookup | None
    unit_code: str  # of Business Central's base unit of measure
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Gathered once a page; entities read from it what concerns them."""

    namespace: UUID = NOBODY  # the company's: ids of new records are derived from it
    company: Lookup | None = None  # the company's row in Dataverse (E-3.66)
    team: Lookup | None = None  # its default owning team (E-3.67)
    owned_by_person: bool = True
    local_currency: Lookup | None = None  # the row of LCY (E-3.58)
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
    # Sources whose destination somebody changed since the last agreement (E-3.39).
    overtaken: frozenset[UUID] = frozenset()
    # What those and their destinations last agreed on, where an entity shares columns.
    agreed: Mapping[UUID, tuple[Values, Values]] = field(default_factory=dict)
    # Rows that uncoupled sources are already, where no single field tells (E-3.24).
    twins: Mapping[UUID, Record] = field(default_factory=dict)

    # Units, products and prices
    by_unit_group: bool = False  # the setting Unit Group Mapping
    groups: Mapping[UUID, UnitGroup] = field(default_factory=dict)  # unit groups by their id
    # No. of an item or resource, "" while all share the units -> unit group, if it is coupled.
    groups_of: Mapping[str, Lookup] = field(default_factory=dict)
    base_units: Mapping[UUID, Lookup] = field(default_factory=dict)  # unit group -> base unit
    # (no. as in groups_of, unit code) -> unit; and back, for products from Sales.
    units: Mapping[tuple[str, str], Unit] = field(default_factory=dict)
    unit_codes: Mapping[UUID, str] = field(default_factory=dict)
    shared_groups: frozenset[UUID] = frozenset()  # unit groups that several products share
    vendor_names: Mapping[str, str] = field(default_factory=dict)  # vendor no. -> name
    write_in: str = ""  # no. of the default write-in product of this table
    # Price list code -> the codes of the currencies that its prices are in.
    price_currencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    currencies: Mapping[str, Lookup] = field(default_factory=dict)  # currency code -> row
    price_lists: Mapping[str, PriceList] = field(default_factory=dict)  # by code
    inactive_lists: frozenset[str] = frozenset()  # codes of lists that BC does not use
    products: Mapping[tuple[str, str], Product] = field(default_factory=dict)  # by kind and no.
    contact_types: Mapping[str, str] = field(default_factory=dict)  # contact no. -> Type
