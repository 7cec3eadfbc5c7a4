"""Rules of unit groups and their units."""

from __future__ import annotations

from uuid import UUID, uuid5

from sandbox.dataverse import refusals
from sandbox.dataverse.model import Model
from sandbox.store import DATAVERSE, Row, Store

ACTIVE = 0


class Units:
    """Keeps the units of a group together; which group a unit is of never changes."""

    def __init__(self, store: Store, model: Model) -> None:
        self.store = store
        self.groups = model.tables["uomschedule"]
        self.units = model.tables["uom"]
        self._group_of: dict[str, str] = {}
        self._active: set[str] = set()  # groups that were looked at in this request

    # Groups

    def before_create_group(self, values: Row) -> None:
        """Refuse a second group of a name, and one without a base unit."""
        self._refuse_group(values, values["uomscheduleid"])
        if not values.get("baseuomname"):
            raise refusals.RefusalError(400, "0x80043810", "baseuomname not specified")

    def before_update_group(self, before: Row, values: Row) -> None:
        self._refuse_group(values, before["uomscheduleid"])
        self._active.clear()

    def _refuse_group(self, values: Row, own_key: str) -> None:
        name = values.get("name")
        where = '"name" = ? AND "uomscheduleid" <> ?'
        if name and self.store.count(DATAVERSE, self.groups, where, [name, own_key]):
            raise refusals.duplicate()

    def create_base_unit(self, group: Row) -> None:
        """A unit group brings its base unit into being."""
        row = {
            "uomid": str(uuid5(UUID(group["uomscheduleid"]), "base")),
            "name": group["baseuomname"],
            "quantity": 1,
            "isschedulebaseuom": 1,
            "uomscheduleid": group["uomscheduleid"],
            "versionnumber": self.store.next_version(),
        }
        stamps = ("createdon", "modifiedon", "createdby", "modifiedby")
        row |= {name: group[name] for name in stamps}
        self.store.insert(DATAVERSE, self.units, row)

    def check_group(self, group: str) -> None:
        """Refuse to build on a group that is not active."""
        if group in self._active:
            return
        where = '"uomscheduleid" = ? AND "statecode" <> ?'
        if self.store.count(DATAVERSE, self.groups, where, [group, ACTIVE]):
            raise refusals.read_only_parent("unit group", "inactive")
        self._active.add(group)

    # Units

    def before_create_unit(self, values: Row) -> None:
        """Check a new unit of a group that is there; it rests on the base unit if on no other."""
        group = values.get("uomscheduleid")
        if group is None:
            return  # required, and refused as such
        self.check_group(group)
        self._refuse_unit(values.get("name"), group, values["uomid"])
        if values.get("baseuom") is None:
            where = '"uomscheduleid" = ? AND "isschedulebaseuom" = 1'
            found = self.store.select(DATAVERSE, self.units, ["uomid"], where, [group])
            values["baseuom"] = found[0]["uomid"] if found else None
        else:
            self._check_base(values["baseuom"], group)

    def before_update_unit(self, before: Row, values: Row) -> None:
        """Check what changes in a unit; the base unit counts as one, and rests on none."""
        if before["isschedulebaseuom"]:
            self._keep_base_unit(before, values)
        if "name" in values:
            self._refuse_unit(values["name"], before["uomscheduleid"], before["uomid"])
        above = values.get("baseuom")
        if above is not None:
            self._check_base(above, before["uomscheduleid"])
            self._refuse_loop(above, before["uomid"])

    def _keep_base_unit(self, before: Row, values: Row) -> None:
        if values.get("quantity", before["quantity"]) != before["quantity"]:
            text = "Do not modify the Quantity field when you update the primary unit."
            raise refusals.RefusalError(400, "0x80043b18", text)
        if values.get("baseuom") is not None:
            text = (
                "Do not use a base unit as the value for a primary unit. This value should always "
                "be null."
            )
            raise refusals.RefusalError(400, "0x80043b17", text)

    def _refuse_unit(self, name: object, group: str, own_key: str) -> None:
        where = '"uomscheduleid" = ? AND "name" = ? AND "uomid" <> ?'
        if name and self.store.count(DATAVERSE, self.units, where, [group, name, own_key]):
            raise refusals.duplicate()

    def _check_base(self, unit: str, group: str) -> None:
        if self.group_of(unit) != group:
            text = "The base unit does not belong to the schedule."
            raise refusals.RefusalError(400, "0x80043b0b", text)

    def _refuse_loop(self, unit: str | None, own_key: str) -> None:
        while unit is not None:
            if unit == own_key:
                text = "Using this base unit would create a loop in the unit hierarchy."
                raise refusals.RefusalError(400, "0x80043b1a", text)
            row = self.store.get(DATAVERSE, self.units, unit)
            unit = row["baseuom"] if row else None

    def before_delete_unit(self, row: Row) -> None:
        if row["isschedulebaseuom"]:
            text = "The base unit of a schedule cannot be deleted."
            raise refusals.RefusalError(400, "0x80043b03", text)

    def group_of(self, unit: str) -> str:
        """Return the group that a unit belongs to; asked for once a request."""
        if unit not in self._group_of:
            where = '"uomid" = ?'
            rows = self.store.select(DATAVERSE, self.units, ["uomscheduleid"], where, [unit])
            self._group_of[unit] = rows[0]["uomscheduleid"] if rows else ""
        return self._group_of[unit]
