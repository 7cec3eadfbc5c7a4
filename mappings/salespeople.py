"""Coupling salespeople with users of Sales, and the team of those users (C-0900 to C-0903).

Who owns a record under the ownership model Person follows from these couplings (E-3.56).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections.causes import Cause
from connections.systems import Teams
from mappings import pairing, roster, uncoupling
from mappings.models import Coupling, IntegrationTableMapping
from mappings.pairing import CouplingError, Systems
from mappings.roster import Roster, SalesUser

NO_TEAM = (
    "The owning team is not known. Open the Dataverse Connection Setup, and enable it again. "
    f"({Cause.NOT_CONFIGURED})"
)
DEFAULT_TEAM = (
    "{} is the default team of its business unit, and Dynamics 365 keeps its members by itself. "
    f"Move the user to that business unit in Dynamics 365. ({Cause.REFUSED})"
)


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
    known = roster.read(mapping, systems)
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


def creatable(known: Roster, users: Collection[UUID]) -> Outcome:
    """Say which of these users cannot become new salespeople: those who are one already."""
    proposed = suggestions(known)
    failures: dict[UUID, str] = {}
    for identity in users:
        user = known.user(identity)
        if user is None:
            failures[identity] = (
                f"The user is outside the mapping's filter. {known.rule} (E-OUTSIDE)"
            )
        elif user.is_coupled:
            failures[identity] = f"{user.name} is already coupled to {user.code}. (E-COUPLED)"
        elif identity in proposed:
            failures[identity] = (
                f"Salesperson {proposed[identity]} has the e-mail of {user.name}: couple the two "
                f"instead. ({Cause.DUPLICATE})"
            )
    return Outcome(len(users) - len(failures), 0, failures)


# The team


def add_to_team(
    mapping: IntegrationTableMapping,
    systems: Systems,
    *,
    by: AbstractBaseUser | None = None,
) -> Outcome:
    """Put every coupled user into the default owning team, to see what it owns (E-9.17)."""
    known = roster.read(mapping, systems)
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
