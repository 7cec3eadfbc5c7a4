"""What is true for a whole company: its row, team and currencies in Dataverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from connections import local_currency
from connections.errors import RecordExistsError
from connections.models import Company
from connections.systems import (
    Lookup,
    Record,
    Selection,
    System,
    Value,
)


@dataclass(frozen=True, slots=True)
class World:
    """Facts that no record changes during a run."""

    company: Lookup | None
    team: Lookup | None
    local_currency_code: str
    local_currency: Lookup | None  # the row of LCY in Dataverse (E-3.58)
    base_currency_code: str
    currency_precision: int


class WorldReader:
    """Reads those facts with a handful of requests."""

    def __init__(
        self,
        company: Company,
        business_central: System,
        dataverse: System,
        clock: Callable[[], datetime],
        *,
        creates: bool = True,
    ) -> None:
        self.creates = creates  # E-3.58: a missing row of LCY
        self.company = company
        self.business_central = business_central
        self.dataverse = dataverse
        self.clock = clock

    def read(self) -> World:
        row = self._company_row()
        organization = _first(
            self.dataverse, "organization", ("basecurrencyid", "currencydecimalprecision")
        )
        setup = _first(self.business_central, "generalLedgerSetup", ("localCurrencyCode",))
        local_code = str(setup.values.get("localCurrencyCode") or "") if setup else ""
        base_id = organization.values.get("basecurrencyid") if organization else None
        currencies = self._currencies(local_code, base_id)
        base_code = next((code for code, row_id in currencies.items() if row_id == base_id), "")
        local = currencies.get(local_code)
        if local is None and local_code and self.creates:
            local = self._create_local_currency(local_code, base_code)
        precision = organization.values.get("currencydecimalprecision") if organization else None
        return World(
            company=Lookup("bcbi_company", row.id) if row else None,
            team=_lookup(row.values.get("bcbi_defaultowningteam")) if row else None,
            local_currency_code=local_code,
            local_currency=local,
            base_currency_code=base_code,
            currency_precision=precision if isinstance(precision, int) else 2,
        )

    def _company_row(self) -> Record | None:
        """E-9.13: the row's external id is the company's id in lower case."""
        selection = Selection("bcbi_company", ("bcbi_externalid", "bcbi_defaultowningteam"))
        external_id = str(self.company.business_central_id).lower()
        rows = self.dataverse.find(selection, "bcbi_externalid", [external_id])
        return rows[0] if rows else None

    def _currencies(self, local_code: str, base_id: Value) -> dict[str, Lookup]:
        table = "transactioncurrency"
        selection = Selection(table, ("isocurrencycode",))
        rows = self.dataverse.find(selection, "isocurrencycode", [local_code]) if local_code else []
        if isinstance(base_id, Lookup) and base_id.id not in {row.id for row in rows}:
            rows += self.dataverse.get(table, [base_id.id], ["isocurrencycode"]).values()
        return {str(row.values["isocurrencycode"]): Lookup(table, row.id) for row in rows}

    def _create_local_currency(self, local_code: str, base_code: str) -> Lookup | None:
        """E-3.58: Dataverse must have LCY; it is created when its rate is known."""
        today = self.clock().date()
        written = local_currency.create(
            self.company, self.business_central, self.dataverse, local_code, base_code, today=today
        )
        if written is None:
            return None
        if isinstance(written.error, RecordExistsError):  # another run was here at the same time
            return Lookup("transactioncurrency", local_currency.id_of(self.company, local_code))
        return Lookup("transactioncurrency", written.record.id) if written.record else None


def _first(system: System, table: str, columns: Sequence[str]) -> Record | None:
    for page in system.read(Selection(table, tuple(columns))):
        for record in page:
            return record
    return None


def _lookup(value: Value) -> Lookup | None:
    return value if isinstance(value, Lookup) else None
