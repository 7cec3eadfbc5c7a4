"""Couple Salespeople (P09): the users of Sales, who of the salespeople each is, and the acts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from connections import setup
from connections.checks import IMPATIENT
from connections.errors import IntegrationError
from connections.models import Company
from integration_admin.chrome import company_of
from integration_admin.pages import ask, back, is_confirmed
from integration_admin.personal import sees_people
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from mappings import roster, salespeople
from mappings.links import Addresses, Links
from mappings.models import IntegrationTableMapping
from mappings.pairing import Systems
from mappings.roster import Roster, SalesUser
from mappings.salespeople import Outcome
from mappings.terms import Direction
from syncjobs import clock, leases, on_demand
from syncjobs.leases import BusyError
from syncjobs.on_demand import Wanted
from syncjobs.runs.phases import lease_name

UNPROCESSABLE = 422
NOT_READ = "One of both systems did not answer. Whoever may see personal data is told why."
PER_PAGE = 50
HIDDEN = "hidden"
VIEWS: Mapping[str, tuple[str, Callable[[SalesUser], bool]]] = {
    "all": ("All", lambda _: True),
    "uncoupled": ("Not coupled", lambda user: not user.is_coupled),
    "coupled": ("Coupled", lambda user: user.is_coupled),
}
CODE, WAS, ACCEPTED = "code-", "was-", "accepted"


@dataclass(frozen=True, slots=True)
class Line:
    """A user on the page: the code that is in its field, and what is wrong with it."""

    user: SalesUser
    code: str
    salesperson: str
    opens: Addresses
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which users the address asks for."""

    view: str
    search: str
    member: str
    page: str
    suggests: bool

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        view = query.get("view", "all")
        return cls(
            view=view if view in (*VIEWS, HIDDEN) else "all",
            search=query.get("q", "").replace("\x00", "").strip(),
            member=query.get("member", "") if query.get("member") in ("yes", "no") else "",
            page=query.get("page", "1"),
            suggests="suggest" in query,
        )

    def admits(self, user: SalesUser) -> bool:
        """Whether a user, as the person who asks sees them, is asked for."""
        words = f"{user.name} {user.email} {user.mobile_phone} {user.code}".casefold()
        if self.member and user.is_member != (self.member == "yes"):
            return False
        return self.search.casefold() in words


# The page


@require_GET
@requires(Right.VIEW_COUPLING)
def couple_salespeople(request: SignedInRequest) -> HttpResponse:
    """List the users inside the mapping's filter, with the salesperson that each one is."""
    return _page(request)


def _page(
    request: SignedInRequest,
    entered: Mapping[UUID, str] | None = None,
    failures: Mapping[UUID, str] | None = None,
) -> HttpResponse:
    """Show the page; codes that were refused stay in their fields, with the reason."""
    company = company_of(request)
    if company is None:
        return render(request, "pages/welcome.html")
    mapping = roster.mapping_of(company)
    asked = Asked.of(request.GET)
    context: dict[str, Any] = {"mapping": mapping, "asked": asked, "title": "Couple Salespeople"}
    if mapping is not None:
        try:
            hides = not sees_people(request.user)
            context |= _listed(mapping, asked, entered or {}, failures or {}, hides=hides)
        except IntegrationError as error:
            context["trouble"] = NOT_READ if hides else told(error)
    context["may_couple"] = has_right(request.user, Right.MANAGE_COUPLINGS)
    return render(
        request, "pages/salespeople.html", context, status=UNPROCESSABLE if failures else 200
    )


def systems_of(company: Company) -> Systems:
    """Return both systems, as a page that somebody waits for asks them."""
    both = setup.systems_of(company, timing=IMPATIENT)
    return Systems(both.business_central, both.dataverse)


def _listed(
    mapping: IntegrationTableMapping,
    asked: Asked,
    entered: Mapping[UUID, str],
    failures: Mapping[UUID, str],
    *,
    hides: bool,
) -> dict[str, Any]:
    systems = systems_of(mapping.company)
    known = roster.read(mapping, systems)
    if hides:
        known = roster.without_people(known)
    if asked.view == HIDDEN:
        users: Sequence[SalesUser] = roster.hidden_users(mapping, systems)
        users = [roster.nameless(user) for user in users] if hides else users
    else:
        users = [user for user in known.users if VIEWS[asked.view][1](user)]
    paginator = Paginator([user for user in users if asked.admits(user)], PER_PAGE)
    page = paginator.get_page(asked.page)
    there = Links(mapping.company)
    lines = [_line(known, user, there, entered, failures) for user in page.object_list]
    counts = [
        (key, caption, sum(map(admits, known.users))) for key, (caption, admits) in VIEWS.items()
    ]
    return {
        "known": known,
        "lines": lines,
        "salespeople": known.salespeople.values(),
        "views": [*counts, (HIDDEN, "Outside the filter", known.hidden)],
        "paginator": paginator,
        "page_obj": page,
        "numbers": paginator.get_elided_page_range(page.number),
        "problems": _problems(known, failures, {line.user.id for line in lines}),
        "proposals": _proposals(known) if asked.suggests and not hides else None,
        "coupled": sum(user.is_coupled for user in known.users),
        "to_add": sum(user.is_coupled and not user.is_member for user in known.users),
    }


def _line(
    known: Roster,
    user: SalesUser,
    there: Links,
    entered: Mapping[UUID, str],
    failures: Mapping[UUID, str],
) -> Line:
    salesperson = known.salespeople.get(user.code)
    return Line(
        user=user,
        code=entered.get(user.id, user.code),
        salesperson=salesperson.name if salesperson else "",
        opens=there.of(roster.MAPPING, key=user.code, dataverse_id=user.id),
        problem=failures.get(user.id, ""),
    )


def _problems(
    known: Roster, failures: Mapping[UUID, str], here: Collection[UUID]
) -> list[tuple[str, str, UUID | None]]:
    """Return who was refused and why, and the user's field if it is on this page."""
    found = ((identity, known.user(identity), why) for identity, why in failures.items())
    return [
        (user.name if user else "A user", why, identity if identity in here else None)
        for identity, user, why in found
    ]


def _proposals(known: Roster) -> list[tuple[SalesUser, Any]]:
    proposed = salespeople.suggestions(known)
    return [
        (user, known.salespeople[proposed[user.id]]) for user in known.users if user.id in proposed
    ]


# The acts


def _act(
    request: SignedInRequest, act: Callable[[IntegrationTableMapping, Systems], HttpResponse]
) -> HttpResponse:
    """Do something to the mapping's couplings while no run touches them."""
    company = company_of(request)
    mapping = roster.mapping_of(company) if company else None
    if mapping is None:
        return redirect("couple_salespeople")
    try:
        with leases.hold(lease_name(mapping), leases.me()):
            return act(mapping, systems_of(mapping.company))
    except BusyError as error:
        messages.error(request, f"{error.message} (E-BUSY)")
    except IntegrationError as error:
        messages.error(request, told(error))
    return back(request, "couple_salespeople")


def _report(request: SignedInRequest, outcome: Outcome, done: str) -> None:
    """Say how many were done, unchanged and failed, and why (C-0901)."""
    reasons = " ".join(dict.fromkeys(outcome.failures.values()))
    level = messages.WARNING if outcome.failures else messages.SUCCESS
    messages.add_message(request, level, f"{outcome.sentence(done)} {reasons}".strip())


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def save_salespeople(request: SignedInRequest) -> HttpResponse:
    """Couple the users whose code was changed, and the proposals that were ticked."""
    choices = _choices(request.POST)
    if not choices:
        sentence = "No code was changed. Choose one, or tick a proposal, first."
        messages.warning(request, f"{sentence} (E-SELECT)")
        return back(request, "couple_salespeople")

    def couple(mapping: IntegrationTableMapping, systems: Systems) -> HttpResponse:
        outcome = salespeople.couple(mapping, choices, systems, by=request.user)
        if not outcome.failures:
            _report(request, outcome, "coupled")
            return back(request, "couple_salespeople")
        messages.warning(request, outcome.sentence("coupled"))
        return _page(request, choices, outcome.failures)

    return _act(request, couple)


def _choices(posted: QueryDict) -> dict[UUID, str]:
    """Return the codes that differ from what the page showed, and what was accepted."""
    found: dict[UUID, str] = {}
    for name in posted:
        identity = _uuid(name.removeprefix(CODE)) if name.startswith(CODE) else None
        chosen = str(posted.get(name, "")).strip()
        if identity and chosen != str(posted.get(f"{WAS}{identity}", "")).strip():
            found[identity] = chosen
    for pair in posted.getlist(ACCEPTED):
        text, _, code = pair.partition(" ")
        if identity := _uuid(text):
            found[identity] = code
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _selected(request: SignedInRequest) -> list[UUID]:
    found = [identity for text in request.POST.getlist("selected") if (identity := _uuid(text))]
    if not found:
        messages.warning(request, "Select at least one user first. (E-SELECT)")
    return found


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def uncouple_salespeople(request: SignedInRequest) -> HttpResponse:
    """Uncouple the ticked users, after asking."""
    users = _selected(request)
    if not users:
        return back(request, "couple_salespeople")
    named = "this user" if len(users) == 1 else f"{len(users)} users"
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Uncouple {named}?",
            text="The users and salespeople stay as they are. Records of an uncoupled salesperson "
            "have no owner in Sales: they fail until the salesperson is coupled again.",
            yes=f"Uncouple {named}",
            no="Keep it" if len(users) == 1 else "Keep them",
        )

    def uncouple(mapping: IntegrationTableMapping, systems: Systems) -> HttpResponse:
        _report(
            request, salespeople.uncouple(mapping, users, systems, by=request.user), "uncoupled"
        )
        return back(request, "couple_salespeople")

    return _act(request, uncouple)


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def create_salespeople(request: SignedInRequest) -> HttpResponse:
    """Make a salesperson in Business Central of each ticked user that has none; show the run."""
    company, users = company_of(request), _selected(request)
    if company is None or not users:
        return back(request, "couple_salespeople")

    def create(mapping: IntegrationTableMapping, systems: Systems) -> HttpResponse:
        outcome = salespeople.creatable(roster.read(mapping, systems), users)
        if outcome.failures:
            _report(request, outcome, "to be created")
        new = [user for user in users if user not in outcome.failures]
        way = Direction.FROM_INTEGRATION_TABLE
        runs = on_demand.synchronize_records(
            company,
            [Wanted(mapping.name, way, user) for user in new],
            now=clock.now(),
            user=request.user,
        )
        return redirect("run", pk=runs[0].pk) if runs else back(request, "couple_salespeople")

    return _act(request, create)


@require_POST
@requires(Right.MANAGE_COUPLINGS)
def add_salespeople_to_team(request: SignedInRequest) -> HttpResponse:
    """Put every coupled user into the default owning team (C-0517)."""

    def add(mapping: IntegrationTableMapping, systems: Systems) -> HttpResponse:
        outcome = salespeople.add_to_team(mapping, systems, by=request.user)
        _report(request, outcome, "added to the team")
        return back(request, "couple_salespeople")

    return _act(request, add)
