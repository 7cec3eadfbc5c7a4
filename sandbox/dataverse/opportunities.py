"""Rules of opportunities: whose they are, their currency, and that closed ones stay as they are."""

from __future__ import annotations

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.store import DATAVERSE, Row, Store

OPEN, WON, LOST = range(3)
PARENTS = ("parentaccountid", "parentcontactid")
MIRRORS = {"account": "accountid", "contact": "contactid"}
MESSAGES = {WON: "WinOpportunity", LOST: "LoseOpportunity"}


class Opportunities:
    """Keeps opportunities whole."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.lists = model.tables["pricelevel"]

    def before_create(self, values: Row) -> None:
        if values.get("statecode") in MESSAGES:
            raise _by_message(values["statecode"])
        self._set_customer(values, {})
        self._check_list(values)

    def before_update(self, before: Row, values: Row, *, closes: bool) -> None:
        """Check what changes; only a message closes, and only opening changes a closed one."""
        wanted = values.get("statecode", before["statecode"])
        if not closes and wanted in MESSAGES and wanted != before["statecode"]:
            raise _by_message(wanted)
        if before["statecode"] != OPEN and wanted != OPEN:
            raise refusals.RefusalError(400, "0x80040515", "The opportunity is already closed.")
        self._set_customer(values, before)
        if {"pricelevelid", "transactioncurrencyid"} & set(values):
            self._check_list({**before, **values})

    def _set_customer(self, values: Row, before: Row) -> None:
        """The customer follows account and contact, of which the account comes first."""
        if any(name in values for name in PARENTS):
            account, contact = ({**before, **values}.get(name) for name in PARENTS)
            key, table = (account, "account") if account else (contact, "contact")
            values |= {"customerid": key, "customerid__t": table if key else None}
        elif values.get("customerid__t"):
            values[f"parent{values['customerid__t']}id"] = values["customerid"]
        if "customerid" in values:
            for table, mirror in MIRRORS.items():
                is_it = table == values.get("customerid__t")
                values[mirror] = values["customerid"] if is_it else None

    def _check_list(self, row: Row) -> None:
        key = row.get("pricelevelid")
        found = self.store.get(DATAVERSE, self.lists, key) if key else None
        if found is not None and found["transactioncurrencyid"] != row["transactioncurrencyid"]:
            raise refusals.list_currency()


def _by_message(state: int) -> refusals.RefusalError:
    message = MESSAGES[state]
    text = (
        f"This message can not be used to set the state of opportunity to {message}. In order to "
        f"set state of opportunity to {message}, use the {message} message instead."
    )
    return refusals.RefusalError(400, "0x80100005", text)
