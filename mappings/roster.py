"""The users of Sales and the salespeople they may be, as both systems show them now (C-0901)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from connections.models import Company, DataverseConnectionSetup
from connections.systems import Column, Condition, Record, Selection, System, Table, Teams
from mappings import captions, filters
from mappings.models import Coupling, IntegrationTableMapping
from mappings.pairing import Systems

MAPPING = "SALESPEOPLE"
NAME, EMAIL, PHONE = "fullname", "internalemailaddress", "mobilephone"
# What the default filter leaves out, in a word; another condition is told as a sentence.
WORDS = {
    "isdisabled": "Disabled",
    "islicensed": "No licence",
    "isintegrationuser": "Integration user",
}
LOCAL_EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Salesperson:
    """A salesperson or purchaser of Business Central."""

    record: Record
    code: str
    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class SalesUser:
    """A user of Sales; `code` is that of the salesperson the user is coupled with, or ""."""

    id: UUID
    name: str
    email: str
    mobile_phone: str
    is_member: bool
    why_hidden: str = ""  # why the mapping's filter leaves the user out
    salesperson_id: UUID | None = None
    code: str = ""

    @property
    def is_coupled(self) -> bool:
        return self.salesperson_id is not None


@dataclass(frozen=True, slots=True)
class Team:
    """The team that owns what nobody else owns."""

    id: UUID
    name: str
    is_default: bool  # of its business unit: the platform keeps its members by itself


@dataclass(frozen=True, slots=True)
class Roster:
    """Users and salespeople, as both systems show them now."""

    users: tuple[SalesUser, ...]  # inside the mapping's filter, by name
    salespeople: Mapping[str, Salesperson]  # by code
    hidden: int  # users outside the filter
    rule: str  # the filter, as people say it
    team: Team | None
    elsewhere: frozenset[str]  # codes that are coupled to users outside the filter
    table: Table = field(repr=False)

    def user(self, identity: UUID) -> SalesUser | None:
        return next((user for user in self.users if user.id == identity), None)


def without_people(known: Roster) -> Roster:
    """Return a roster for whoever sees no personal data: ids and codes, no names (C-4013)."""
    return replace(
        known,
        users=tuple(nameless(user) for user in known.users),
        salespeople={
            code: replace(one, name="", email="") for code, one in known.salespeople.items()
        },
    )


def nameless(user: SalesUser) -> SalesUser:
    """Return a user of Sales known by the id alone."""
    return replace(user, name=str(user.id), email="", mobile_phone="")


def mapping_of(company: Company) -> IntegrationTableMapping | None:
    """Return the mapping of salespeople; there is none where a team owns the records (E-1.59)."""
    return IntegrationTableMapping.objects.filter(company=company, name=MAPPING).first()


def read(mapping: IntegrationTableMapping, systems: Systems) -> Roster:
    """Return the users inside the mapping's filter, and the salespeople they may be."""
    described = systems.dataverse.describe(mapping.integration_table)
    conditions = _conditions(mapping, described)
    people = _rows(systems.dataverse, mapping.integration_table, (NAME, EMAIL, PHONE), conditions)
    everybody = systems.dataverse.count(Selection(mapping.integration_table, ()))
    team = _team(mapping.company, systems.dataverse)
    table, salespeople = _salespeople(mapping, systems.business_central)
    partners = _partners(mapping, salespeople)
    users = _users(people, partners, _members(team, systems.dataverse))
    elsewhere = partners.keys() - {person.id for person in people}
    return Roster(
        users=tuple(users),
        salespeople={one.code: one for one in salespeople},
        hidden=max(everybody - len(people), 0),
        rule=filters.sentence(conditions, "user", _captions(described)),
        team=team,
        elsewhere=frozenset(partners[identity][1] for identity in elsewhere),
        table=table,
    )


def _captions(table: Table) -> Mapping[str, Column]:
    """Call columns as the mapping's card does; what it does not know, as Dataverse does."""
    return {**table.columns, **captions.columns(table.name)}


def hidden_users(mapping: IntegrationTableMapping, systems: Systems) -> list[SalesUser]:
    """Return the users outside the mapping's filter, with what keeps each of them out."""
    described = systems.dataverse.describe(mapping.integration_table)
    conditions = _conditions(mapping, described)
    needed = dict.fromkeys((NAME, EMAIL, PHONE, *(c.column for c in conditions)))
    columns = tuple(name for name in needed if name in described.columns)
    people = _rows(systems.dataverse, mapping.integration_table, columns, ())
    outside = {
        person.id: _why(failed, described)
        for person in people
        if (failed := tuple(c for c in conditions if not filters.matches(person, (c,))))
    }
    rows = [person for person in people if person.id in outside]
    members = _members(_team(mapping.company, systems.dataverse), systems.dataverse)
    return _users(rows, _partners(mapping, []), members, outside)


def _why(failed: tuple[Condition, ...], table: Table) -> str:
    words = [
        WORDS.get(one.column) or filters.sentence((one,), "user", _captions(table))
        for one in failed
    ]
    return ", ".join(words)


def _conditions(mapping: IntegrationTableMapping, table: Table) -> tuple[Condition, ...]:
    company_row = mapping.company.dataverse_company_id
    return filters.conditions(mapping.integration_table_filter, table, company_row=company_row)


def _rows(
    system: System, table: str, columns: tuple[str, ...], conditions: tuple[Condition, ...]
) -> list[Record]:
    selection = Selection(table, columns, conditions, page_size=5000)
    return [record for page in system.read(selection) for record in page]


def _salespeople(
    mapping: IntegrationTableMapping, system: System
) -> tuple[Table, list[Salesperson]]:
    table = system.describe(mapping.table)
    wanted = (*table.natural_key, table.name_column, LOCAL_EMAIL)
    columns = tuple(dict.fromkeys(name for name in wanted if name in table.columns))
    conditions = filters.conditions(mapping.table_filter, table)
    rows = _rows(system, mapping.table, columns, conditions)
    return table, sorted((_salesperson(row, table) for row in rows), key=lambda one: one.code)


def _salesperson(row: Record, table: Table) -> Salesperson:
    code = " ".join(str(row.values.get(name) or "") for name in table.natural_key)
    name, email = (str(row.values.get(name) or "") for name in (table.name_column, LOCAL_EMAIL))
    return Salesperson(row, code, name, email)


def _partners(
    mapping: IntegrationTableMapping, salespeople: Sequence[Salesperson]
) -> dict[UUID, tuple[UUID, str]]:
    """Return id and code of the salesperson that each coupled user is."""
    codes = {one.record.id: one.code for one in salespeople}
    couplings = Coupling.objects.filter(company=mapping.company, mapping_name=mapping.name)
    noted = couplings.values_list("dataverse_id", "business_central_id", "business_central_key")
    return {user: (record, codes.get(record, key)) for user, record, key in noted}


def _users(
    people: Sequence[Record],
    partners: Mapping[UUID, tuple[UUID, str]],
    members: Collection[UUID],
    outside: Mapping[UUID, str] | None = None,
) -> list[SalesUser]:
    users = []
    for person in people:
        record_id, code = partners.get(person.id, (None, ""))
        name, email, phone = (str(person.values[n] or "") for n in (NAME, EMAIL, PHONE))
        users.append(
            SalesUser(
                id=person.id,
                name=name or email or str(person.id),
                email=email,
                mobile_phone=phone,
                is_member=person.id in members,
                why_hidden=(outside or {}).get(person.id, ""),
                salesperson_id=record_id,
                code=code,
            )
        )
    return sorted(users, key=lambda user: (user.name.casefold(), str(user.id)))


def _team(company: Company, dataverse: System) -> Team | None:
    setup = DataverseConnectionSetup.objects.filter(company=company).first()
    if setup is None or setup.owning_team_id is None:
        return None
    found = dataverse.get("team", [setup.owning_team_id], ("name", "isdefault"))
    row = found.get(setup.owning_team_id)
    if row is None:
        return None
    return Team(row.id, str(row.values["name"]), bool(row.values["isdefault"]))


def _members(team: Team | None, dataverse: System) -> Collection[UUID]:
    return dataverse.members(team.id) if team and isinstance(dataverse, Teams) else ()
