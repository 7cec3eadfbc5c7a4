"""Salespeople and the users of Sales who they are: looked at together, coupled, put into the team.

The verbs of *Couple Salespeople* (C-0900 to C-0903). Who owns a record under the ownership model
Person follows from these couplings (E-3.56).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections.causes import Cause
from connections.models import Company, DataverseConnectionSetup
from connections.systems import Condition, Record, Selection, System, Table, Teams
from mappings import filters, pairing, uncoupling
from mappings.models import Coupling, IntegrationTableMapping
from mappings.pairing import CouplingError, Systems

MAPPING = "SALESPEOPLE"
NAME, EMAIL, PHONE = "fullname", "internalemailaddress", "mobilephone"
STATES = ("isdisabled", "islicensed", "isintegrationuser")
LOCAL_EMAIL = "email"
NO_TEAM = (
    "The owning team is not known. Open the Dataverse Connection Setup, and enable it again. "
    f"({Cause.NOT_CONFIGURED})"
)
DEFAULT_TEAM = (
    "{} is the default team of its business unit, and Dynamics 365 keeps its members by itself. "
    f"Move the user to that business unit in Dynamics 365. ({Cause.REFUSED})"
)


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many were done, how many needed nothing, and which failed and why (C-0901)."""

    done: int = 0
    unchanged: int = 0
    failures: Mapping[UUID, str] = field(default_factory=dict)  # user, why

    def sentence(self, done: str) -> str:
        """Say it: "3 coupled, 1 unchanged, 2 failed."."""
        parts = [f"{self.done} {done}", f"{self.unchanged} unchanged"]
        return f"{', '.join(parts)}, {len(self.failures)} failed."


# Looking


def mapping_of(company: Company) -> IntegrationTableMapping | None:
    """Return the mapping of salespeople; there is none where a team owns the records (E-1.59)."""
    return IntegrationTableMapping.objects.filter(company=company, name=MAPPING).first()


def roster(mapping: IntegrationTableMapping, systems: Systems) -> Roster:
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
        rule=filters.sentence(conditions, "user", described.columns),
        team=team,
        elsewhere=frozenset(partners[identity][1] for identity in elsewhere),
        table=table,
    )


def hidden_users(mapping: IntegrationTableMapping, systems: Systems) -> list[SalesUser]:
    """Return the users outside the mapping's filter, with what keeps each of them out."""
    described = systems.dataverse.describe(mapping.integration_table)
    conditions = _conditions(mapping, described)
    needed = dict.fromkeys((NAME, EMAIL, PHONE, *STATES, *(c.column for c in conditions)))
    columns = tuple(name for name in needed if name in described.columns)
    people = _rows(systems.dataverse, mapping.integration_table, columns, ())
    outside = {
        person.id: filters.sentence(failed, "user", described.columns)
        for person in people
        if (failed := tuple(c for c in conditions if not filters.matches(person, (c,))))
    }
    rows = [person for person in people if person.id in outside]
    members = _members(_team(mapping.company, systems.dataverse), systems.dataverse)
    return _users(rows, _partners(mapping, []), members, outside)


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


# Coupling


def suggestions(known: Roster) -> dict[UUID, str]:
    """Propose a code for each uncoupled user whose e-mail one free salesperson has (C-0902)."""
    taken = known.elsewhere | {user.code for user in known.users if user.is_coupled}
    free = [one for one in known.salespeople.values() if one.code not in taken and one.email]
    emails = Counter(user.email.casefold() for user in known.users)
    theirs = Counter(one.email.casefold() for one in free)
    codes = {one.email.casefold(): one.code for one in free if theirs[one.email.casefold()] == 1}
    return {
        user.id: codes[user.email.casefold()]
        for user in known.users
        if not user.is_coupled
        and user.email.casefold() in codes
        and emails[user.email.casefold()] == 1
    }


@dataclass(frozen=True, slots=True)
class Plan:
    """What the chosen codes come to, before anything is written."""

    moves: Mapping[UUID, str]  # user, new code
    unchanged: int
    refusals: Mapping[UUID, str]


def plan(known: Roster, choices: Mapping[UUID, str]) -> Plan:
    """Sort the choices: what is new, what is so already, what cannot be (C-0903)."""
    moves: dict[UUID, str] = {}
    refusals: dict[UUID, str] = {}
    unchanged = 0
    for identity, chosen in choices.items():
        user, code = known.user(identity), chosen.strip().upper()
        if user is None:
            refusals[identity] = (
                f"The user is outside the mapping's filter. {known.rule} (E-OUTSIDE)"
            )
        elif code == user.code:
            unchanged += 1
        elif not code:
            refusals[identity] = f"Choose Uncouple to take {user.code} away. (E-REQUIRED)"
        elif code not in known.salespeople:
            refusals[identity] = f"There is no salesperson {code} in Business Central. (E-NOTFOUND)"
        else:
            moves[identity] = code
    while clashes := _clashes(known, moves):
        refusals |= clashes
        moves = {identity: code for identity, code in moves.items() if identity not in clashes}
    return Plan(moves, unchanged, refusals)


def _clashes(known: Roster, moves: Mapping[UUID, str]) -> dict[UUID, str]:
    """Refuse a code that another user has, or keeps, once all of these moves are made."""
    holders: dict[str, SalesUser] = {}
    clashes: dict[UUID, str] = {}
    staying = [user for user in known.users if user.is_coupled and user.id not in moves]
    for user in (*staying, *(user for user in known.users if user.id in moves)):
        code = moves.get(user.id, user.code)
        if user.id in moves and code in known.elsewhere:
            clashes[user.id] = (
                f"{code} is already coupled to a user outside the filter; uncouple that one under "
                "Outside the filter first. (E-COUPLED)"
            )
        holder = holders.setdefault(code, user)
        if holder is not user and user.id in moves:
            clashes[user.id] = f"{code} is already coupled to {holder.name}. (E-COUPLED)"
    return clashes


def couple(
    mapping: IntegrationTableMapping,
    choices: Mapping[UUID, str],
    systems: Systems,
    *,
    by: AbstractBaseUser | None = None,
) -> Outcome:
    """Couple each of these users with the salesperson of the chosen code, in Business Central."""
    known = roster(mapping, systems)
    planned = plan(known, choices)
    failures = dict(planned.refusals)
    rows = Coupling.objects.filter(company=mapping.company, mapping_name=mapping.name)
    done = 0
    with transaction.atomic():
        # A user who becomes another salesperson leaves the old one first, so that two may swap.
        leaving = rows.filter(dataverse_id__in=planned.moves).values_list("pk", flat=True)
        pairing.remove(list(leaving), by=by)
        for identity, code in planned.moves.items():
            try:
                record = known.salespeople[code].record
                pairing.couple_read(mapping, record, known.table, identity, by=by)
            except CouplingError as error:
                failures[identity] = str(error)
            else:
                done += 1
    return Outcome(done, planned.unchanged, failures)


def uncouple(
    mapping: IntegrationTableMapping,
    users: Collection[UUID],
    systems: Systems,
    *,
    by: AbstractBaseUser | None = None,
) -> Outcome:
    """Uncouple these users; both records stay as they are."""
    rows = Coupling.objects.filter(
        company=mapping.company, mapping_name=mapping.name, dataverse_id__in=users
    )
    ids = list(rows.values_list("business_central_id", flat=True))
    told = uncoupling.uncouple(mapping, ids, systems, by=by)
    return Outcome(told.uncoupled, len(users) - len(ids), dict(told.failures))


# The team


def add_to_team(
    mapping: IntegrationTableMapping,
    systems: Systems,
    *,
    by: AbstractBaseUser | None = None,
) -> Outcome:
    """Put every coupled user into the default owning team, to see what it owns (E-9.17)."""
    known = roster(mapping, systems)
    coupled = [user for user in known.users if user.is_coupled]
    missing = {user.id: user for user in coupled if not user.is_member}
    if not missing:
        return Outcome(unchanged=len(coupled))
    there = len(coupled) - len(missing)
    if known.team is None or not isinstance(systems.dataverse, Teams):
        return Outcome(0, there, dict.fromkeys(missing, NO_TEAM))
    if known.team.is_default:
        # Dataverse would refuse each of them with 0x8004830B.
        return Outcome(0, there, dict.fromkeys(missing, DEFAULT_TEAM.format(known.team.name)))
    answers = systems.dataverse.add_members(known.team.id, list(missing))
    failures = {
        identity: f"{error.message} ({error.cause})"
        for identity, error in answers.items()
        if error is not None
    }
    added = [missing[identity].name for identity, error in answers.items() if error is None]
    if added:
        trail.note(
            Act.CHANGED,
            kind="team",
            name=known.team.name,
            company=mapping.company,
            after={"members added": ", ".join(added)},
            by=by,
        )
    return Outcome(len(added), there, failures)
