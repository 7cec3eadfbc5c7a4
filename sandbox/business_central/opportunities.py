"""What opportunities do and refuse by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.business_central import refusals
from sandbox.business_central.values import EMPTY_DATE
from sandbox.store import BUSINESS_CENTRAL, Row

if TYPE_CHECKING:
    from sandbox.business_central.writing import Writer

CLOSED = ("Won", "Lost")


class Opportunities:
    """The rules of opportunities, run by a writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def initialise(self, row: Row) -> None:
        row["creationDate"] = self._today()

    def validate(self, before: Row, row: Row, name: str, given: Mapping[str, Any]) -> None:
        """React to a field that was just set."""
        match name:
            case "contactNumber":
                self._set_contact(row, given)
            case "status":
                self._set_status(before, row)

    def _set_contact(self, row: Row, given: Mapping[str, Any]) -> None:
        """An opportunity is one of its contact's company, and of whoever sells to it."""
        contact = self.writer.first("contacts", number=row["contactNumber"] or "-")
        found = contact or {"displayName": "", "companyNumber": "", "companyName": ""}
        row["contactName"] = found["displayName"]
        row["contactCompanyNumber"] = found["companyNumber"]
        row["contactCompanyName"] = found["companyName"]
        if found.get("salespersonCode") and "salespersonCode" not in given:
            row["salespersonCode"] = found["salespersonCode"]

    def _set_status(self, before: Row, row: Row) -> None:
        if before["status"] in CLOSED and row["status"] != before["status"]:
            raise refusals.dialog("You cannot reopen an opportunity that has been closed.")
        closed = row["status"] in CLOSED
        row |= {"closed": int(closed), "dateClosed": self._today() if closed else EMPTY_DATE}

    def before_delete(self, row: Row) -> None:
        if row["status"] == "In Progress":
            raise refusals.dialog("You cannot delete this opportunity while it is active.")

    def _today(self) -> str:
        return str(self.writer.store.now(BUSINESS_CENTRAL).date())
