"""Rules of users: people and applications."""

from __future__ import annotations

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.store import DATAVERSE, Row, Store

NON_INTERACTIVE = 4
# Application users cannot be changed here.
FIXED = {"isintegrationuser": "0x80041d48", "accessmode": "0x80040d40"}


class Users:
    """Checks users before they are written, and whether one may own rows."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.table = model.tables["systemuser"]
        self._enabled: set[str] = set()  # owners that were checked in this request

    def before_create(self, values: Row) -> None:
        """Fill in what every user has; a second user of one application or name is refused."""
        application = values.get("applicationid")
        if application:
            values["accessmode"] = NON_INTERACTIVE
            values.setdefault("domainname", f"{application}@application.example")
            values.setdefault("internalemailaddress", values["domainname"])
        values.setdefault("accessmode", 0)
        if self._exists("applicationid", application):
            text = f"A system user with the application id {application} exists already."
            raise refusals.RefusalError(400, "0x8004F511", text)
        if self._exists("domainname", values.get("domainname")):
            text = f"A user with the name {values['domainname']} exists already."
            raise refusals.RefusalError(400, "0x80044150", text)

    def _exists(self, column: str, value: object) -> bool:
        where = f'"{column}" = ?'
        return value is not None and self.store.count(DATAVERSE, self.table, where, [value]) > 0

    def before_update(self, before: Row, values: Row) -> None:
        if not before.get("applicationid"):
            return
        for column, code in FIXED.items():
            if column in values and values[column] != before.get(column):
                text = f"'{column}' of an application user cannot be changed."
                raise refusals.RefusalError(400, code, text)

    def check_owner(self, values: Row) -> None:
        """Refuse a user as an owner who is disabled."""
        owner = values.get("ownerid")
        if values.get("ownerid__t") != "systemuser" or not owner or owner in self._enabled:
            return
        rows = self.store.select(
            DATAVERSE, self.table, ["isdisabled"], '"systemuserid" = ?', [owner]
        )
        if rows and rows[0]["isdisabled"]:
            text = f"The specified user(Id = {owner}) is disabled. Consider enabling this user."
            raise refusals.RefusalError(400, "0x80040225", text)
        self._enabled.add(owner)
