"""Who may do what: users, roles and privileges."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid5

from sandbox import schema
from sandbox.dataverse import refusals
from sandbox.schema import Table
from sandbox.store import DATAVERSE, Store

ADMINISTRATOR_TEMPLATE = "627090ff-40a3-4053-8790-584edc5be201"
PLATFORM = "SYSTEM"  # nobody; writes what the platform itself writes
VERBS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")
NAMESPACE = UUID("0c7a7c3e-9a0c-5a34-8b1e-2f6a4e1d9b01")


def privilege_name(verb: str, table: str) -> str:
    return f"prv{verb}{table.capitalize()}"


def privilege_id(name: str) -> str:
    return str(uuid5(NAMESPACE, name))


class Security:
    """Answers for each user from the rows; kept until those rows change."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._held: dict[str, frozenset[str] | None] = {}

    def forget(self) -> None:
        self._held.clear()

    def demand(self, user: str, verb: str, table: Table) -> None:
        """Raise a refusal that names the missing privilege."""
        held = self._privileges(user)
        name = privilege_name(verb, table.name)
        if held is not None and name not in held:
            raise refusals.privilege(name, user)

    def demand_everything(self, user: str, name: str) -> None:
        """Raise a refusal with this privilege unless the user is an administrator."""
        if not self.is_administrator(user):
            raise refusals.privilege(name, user)

    def is_administrator(self, user: str) -> bool:
        return self._privileges(user) is None

    def _privileges(self, user: str) -> frozenset[str] | None:
        if user == PLATFORM:
            return None
        if user not in self._held:
            self._held[user] = self._read(user)
        return self._held[user]

    def _read(self, user: str) -> frozenset[str] | None:
        """Return the privileges of a user; None means all of them."""
        roles = self._roles(user)
        tables = schema.dataverse()
        templates = self.store.select(
            DATAVERSE,
            tables["role"],
            ["roletemplateid"],
            f"roleid IN ({_marks(roles)})",
            roles,
        )
        if any(row["roletemplateid"] == ADMINISTRATOR_TEMPLATE for row in templates):
            return None
        rows = self.store.connection.execute(
            'SELECT p.name FROM "dataverse_roleprivileges" r JOIN "dataverse_privilege" p '  # noqa: S608
            f"ON p.privilegeid = r.privilegeid WHERE r.roleid IN ({_marks(roles)})",
            roles,
        )
        return frozenset(row[0] for row in rows)

    def _roles(self, user: str) -> list[str]:
        query = (
            'SELECT roleid FROM "dataverse_systemuserroles" WHERE systemuserid = ? UNION '
            'SELECT tr.roleid FROM "dataverse_teamroles" tr JOIN "dataverse_teammembership" tm '
            "ON tm.teamid = tr.teamid WHERE tm.systemuserid = ?"
        )
        return [row[0] for row in self.store.connection.execute(query, (user, user))]


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
