"""The pages of the set-ups: read, edit, enable, disable (P05, P06 and Business Central's)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import enabling_views, setup, setup_edits
from connections.authentication import UNPROVEN
from connections.dataverse_setup_form import DataverseForm
from connections.errors import ConfigurationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
)
from connections.setup_edits import StaleError
from connections.setup_forms import (
    BusinessCentralForm,
    Problem,
    SetupForm,
)
from connections.setup_lines import conflicts_of, facts_of, sections_of
from integration_admin import enabling, preconditions, related, surroundings
from integration_admin.choice_consequences import ownership_consequences
from integration_admin.chrome import COMPANY, company_of
from integration_admin.enabling import Consequences, Outcome
from integration_admin.history import history_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.personal import sees_people
from integration_admin.roles import Right, SignedInRequest, has_right, requires
from syncjobs import activation, clock

UNPROCESSABLE, CONFLICT = 422, 409
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three set-ups, as its page needs it."""

    key: str
    title: str
    side: str
    model: type[Model]
    form: Callable[..., SetupForm[Any]]
    enable: Callable[..., Outcome] | None = None
    needs_dataverse: bool = False
    while_enabled: frozenset[str] = frozenset()  # what may change while the connection is in use
    locks: Callable[[Any], Mapping[str, str]] = lambda _row: {}  # what may not change, and why
    # What else a page shows: a template instead of a FastTab's fields, and what it needs.
    instead: Mapping[str, str] = field(default_factory=dict)
    shows: Callable[[Any], dict[str, Any]] = lambda _row: {}
    tries: Callable[[SetupForm[Any]], list[Problem]] = lambda _form: []  # before saving
    adds: Callable[[SetupForm[Any], list[str]], str] = lambda _form, _changed: ""  # after it


def _would_break(form: SetupForm[Any]) -> list[Problem]:
    """Try new settings of Business Central first where jobs use the connection."""
    company = form.instance.company
    if company.pk is None or not setup.is_enabled(company):
        return []
    if missing := form.missing():
        return missing
    return form.located(preconditions.in_the_way(enabling.try_unsaved(company, form.instance)))


BUSINESS_CENTRAL = Kind(
    "business_central",
    "Business Central Connection",
    "bc",
    BusinessCentralConnection,
    BusinessCentralForm,
    tries=_would_break,
)
DATAVERSE = Kind(
    "dataverse",
    "Dataverse Connection Setup",
    "sales",
    DataverseConnectionSetup,
    DataverseForm,
    enabling.enable_dataverse,
    instead={"Advanced Settings": "parts/dataverse_ownership.html"},
    adds=ownership_consequences,
)


@dataclass(slots=True)
class Told:
    """What a page says besides its fields."""

    problems: list[Problem] = field(default_factory=list)
    headline: str = ""
    conflicts: Sequence[tuple[str, str, str, str]] = ()
    status: int = 200
    more: Mapping[str, Any] = field(default_factory=dict)


# Reading


@require_GET
@requires(Right.VIEW_CONNECTION)
def business_central_setup(request: SignedInRequest) -> HttpResponse:
    """Show where Business Central is; on an empty console it is the first page to fill in."""
    return show(request, BUSINESS_CENTRAL)


@require_GET
@requires(Right.VIEW_CONNECTION)
def dataverse_setup(request: SignedInRequest) -> HttpResponse:
    """Show the Dataverse Connection Setup."""
    return show(request, DATAVERSE)


def _row(kind: Kind, company: Company | None) -> Any:
    """Return the row of a set-up, or a new one that starts as the others are."""
    company = company or Company()
    found = _of(kind.model, company)
    if found is not None:
        return found
    if kind.model is not DataverseConnectionSetup:
        return kind.model(company=company)
    like = _of(BusinessCentralConnection, company)
    names = ("authority", "tenant", "authentication_type", "client_id")
    known = {name: getattr(like, name) for name in names} if like else {}
    return DataverseConnectionSetup(company=company, **known)


def _of(model: Any, company: Company) -> Any:
    if company._state.adding:
        return None
    return model.objects.select_related("company").filter(company=company).first()


def _form(kind: Kind, row: Any, data: Any = None) -> SetupForm[Any]:
    options = {"company": row.company} if kind is BUSINESS_CENTRAL else {}
    form = kind.form(data, instance=row, **options)
    if kind.while_enabled and row.is_enabled:
        for name in set(form.fields) - kind.while_enabled:
            form.fields[name].disabled = True  # E-9.7
            form.fields[name].help_text = "Disable the connection to change this."
    elif row.pk:
        for name, why in kind.locks(row).items():
            form.fields[name].disabled = True
            form.fields[name].help_text = why
    return form


def _may_edit(request: SignedInRequest, kind: Kind, row: Any) -> bool:
    """E-9.7: what is in use is disabled first; only Sales' own choices may change meanwhile."""
    locked = kind.model is DataverseConnectionSetup and row.is_enabled
    return has_right(request.user, Right.CHANGE_CONNECTION) and not locked


def show(
    request: SignedInRequest,
    kind: Kind,
    form: SetupForm[Any] | None = None,
    told: Told | None = None,
) -> HttpResponse:
    company = company_of(request)
    if company is None and kind is not BUSINESS_CENTRAL:
        messages.info(request, f"{kind.title} comes after Business Central: begin here.")
        return redirect("business_central_setup")
    stored = _row(kind, company)
    row = form.instance if form else stored
    told = told or Told()
    may_edit = _may_edit(request, kind, row)
    asked = form is not None or "edit" in request.GET or row.pk is None
    form = form or _form(kind, row)
    is_editing = may_edit and asked
    sees_all = sees_people(request.user)
    sections = sections_of(form, told.problems, is_editing=is_editing, sees_all=sees_all)
    context = {
        "kind": kind,
        "title": kind.title,
        "row": row,
        "record_history": history_of(row, request.user),
        "is_new": row.pk is None,
        "is_enabled": getattr(stored, "is_enabled", None),
        "sections": [(caption, lines, kind.instead.get(caption)) for caption, lines in sections],
        "facts": facts_of(stored) if sees_all and stored.pk else [],
        "problems": told.problems,
        "headline": told.headline,
        "conflicts": told.conflicts,
        "is_editing": is_editing,
        "may_edit": may_edit,
        "may_switch": has_right(request.user, Right.CHANGE_CONNECTION) and stored.pk is not None,
        "may_restore": has_right(request.user, Right.CHANGE_CONNECTION) and not is_editing,
        "may_test": has_right(request.user, Right.TEST_CONNECTION) and company is not None,
        "may_reset": has_right(request.user, Right.RESET_CONFIGURATION),
        "may_redeploy": has_right(request.user, Right.VIEW_ROLES),
        "needs_dataverse": kind.needs_dataverse and enabling.lacks_dataverse(company),
        "is_direct": company is not None and kind.side == "sales" and setup.is_direct(company),
        "is_unproven": getattr(row, "authentication_type", "") in UNPROVEN,
        "jobs": activation.count(company) if company else None,
        "seen": setup_edits.sealed(_seen(form, stored)),
        "save_url": reverse(f"save_{kind.key}_setup"),
        "read_url": reverse(f"{kind.key}_setup"),
        "enable_url": kind.enable and reverse(f"enable_{kind.key}_setup"),
        "disable_url": kind.enable and reverse(f"disable_{kind.key}_setup"),
        **(kind.shows(stored) if stored.pk and not is_editing else {}),
        **(_around(request, kind, stored) if stored.pk and not is_editing else {}),
        **told.more,
    }
    return render(request, "pages/setup.html", context, status=told.status)


def _around(request: SignedInRequest, kind: Kind, row: Any) -> dict[str, Any]:
    """Return where a set-up leads on, and what is known around it."""
    around = surroundings.of(row, request.user) if kind is DATAVERSE else None
    return {"related": related.menu(request, kind.key, row), "surroundings": around}


def _seen(form: SetupForm[Any], stored: Any) -> setup_edits.Seen:
    rows = [stored.company, stored] if isinstance(form, BusinessCentralForm) else [stored]
    return setup_edits.seen([row for row in rows if row.pk is not None], form.names)


# Saving


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def save_business_central_setup(request: SignedInRequest) -> HttpResponse:
    """Save where Business Central is; while it is in use only what works."""
    return save(request, BUSINESS_CENTRAL)


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def save_dataverse_setup(request: SignedInRequest) -> HttpResponse:
    """Save the Dataverse Connection Setup, and enable it if that was asked for."""
    return save(request, DATAVERSE)


def save(request: SignedInRequest, kind: Kind) -> HttpResponse:
    company = company_of(request)
    if company is None and kind is not BUSINESS_CENTRAL:
        return redirect("business_central_setup")
    row = _row(kind, company)
    if not _may_edit(request, kind, row):
        messages.error(request, "Disable the connection before you change it. (E-ENABLED)")
        return redirect(f"{kind.key}_setup")
    form = _form(kind, row, request.POST)
    if not form.is_valid():
        return _refused(request, kind, form, form.problems(), "Nothing was saved")
    read = setup_edits.unsealed(request.POST.get("seen", ""))
    try:
        setup_edits.check(form.rows(), form.names, read=read)
        if in_the_way := kind.tries(form):
            headline = "Nothing was saved, since the connection is in use and would break"
            return _refused(request, kind, form, in_the_way, headline)
        changed = setup_edits.save(
            form.rows(), form.names, read=read, also=form.follows, by=request.user
        )
    except StaleError as error:
        told = Told(
            conflicts=conflicts_of(form, error.conflicts),
            headline="Someone else saved meanwhile; nothing of yours was saved",
            status=CONFLICT,
        )
        return show(request, kind, form, told)
    return _saved(request, kind, form, changed)


def _refused(
    request: HttpRequest, kind: Kind, form: SetupForm[Any], problems: list[Problem], headline: str
) -> HttpResponse:
    told = Told(problems, headline, status=UNPROCESSABLE)
    return show(request, kind, form, told)  # type: ignore[arg-type]


def _saved(
    request: SignedInRequest, kind: Kind, form: SetupForm[Any], changed: list[str]
) -> HttpResponse:
    row = form.instance
    for note in form.notes():
        messages.info(request, note)
    if kind is BUSINESS_CENTRAL and request.session.get(COMPANY) is None:
        request.session[COMPANY] = row.company.pk
    if kind.enable and not row.is_enabled and request.POST.get("is_enabled"):
        return _enable(request, kind, form)
    if kind.while_enabled and row.is_enabled and changed:
        summary, jobs = enabling.apply_choices(row.company, now=clock.now(), by=request.user)
        messages.success(request, f"Saved. {summary}; {jobs} job queue entries created.")
    else:
        messages.success(request, "Saved." if changed else "Nothing was changed.")
    if added := kind.adds(form, changed):
        messages.info(request, added)
    return redirect(f"{kind.key}_setup")


# Enabling and disabling


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def enable_dataverse_setup(request: SignedInRequest) -> HttpResponse:
    """Run all checks, then let the connection be used."""
    return switch_on(request, DATAVERSE)


def switch_on(request: SignedInRequest, kind: Kind) -> HttpResponse:
    row = _row(kind, company_of(request))
    if row.pk is None or row.is_enabled:
        return redirect(f"{kind.key}_setup")
    return _enable(request, kind, _form(kind, row))


def _enable(request: SignedInRequest, kind: Kind, form: SetupForm[Any]) -> HttpResponse:
    assert kind.enable is not None
    company = form.instance.company
    problems = form.missing()
    if kind.needs_dataverse and enabling.lacks_dataverse(company):
        sentence = "Sales is reached through Dataverse."
        cure = "Connect to Dataverse first: enable the Dataverse Connection Setup."
        problems = [Problem("", "", sentence, cure, "E-NEED-DATAVERSE")]
    asked = None if problems else enabling.questions(form.instance)
    if asked and enabling_views.is_open(request, asked):
        problems = form.located(preconditions.in_the_way(enabling.look(form.instance)))
        if not problems:
            return enabling_views.ask(request, kind.key, kind.title, asked)
    if not problems:
        replaced = enabling_views.take(request, company, asked)
        outcome = kind.enable(company, now=clock.now(), by=request.user, replaced=replaced)
        problems = form.located(outcome.in_the_way)
        if outcome.mappings is not None:
            messages.success(request, f"{kind.title} is enabled. {outcome.mappings}.")
            for one in outcome.in_the_way:
                messages.warning(request, f"{one.sentence} {one.cure} ({one.code})")
            return redirect(f"{kind.key}_setup")
    form.instance.refresh_from_db()
    return _refused(request, kind, form, problems, "Your settings are saved, but not enabled")


@require_POST
@requires(Right.CHANGE_CONNECTION)
def disable_dataverse_setup(request: SignedInRequest) -> HttpResponse:
    """Let the connection rest, after saying what that does to jobs."""
    return disable(request, DATAVERSE)


def disable(request: SignedInRequest, kind: Kind) -> HttpResponse:
    row = _row(kind, company_of(request))
    here = f"{kind.key}_setup"
    if row.pk is None or not row.is_enabled:
        return redirect(here)
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Disable the {kind.title}?",
            text=_what_rests(enabling.consequences_of_disabling(row)),
            yes="Disable the connection",
            no="Leave it enabled",
        )
    try:
        held = enabling.disable(row, now=clock.now(), by=request.user)
    except ConfigurationError as error:
        messages.error(request, f"{error.message} (E-SALES-ON)")
        return redirect(here)
    messages.success(request, f"Disabled. {held} job queue entries are on hold.")
    return redirect(here)


def _what_rests(follows: Consequences) -> str:
    """Say what disabling does: the jobs, the runs under way, the orders that wait (C-0604)."""
    listed = "; ".join(follows.runs[:MOST_NAMED])
    more = len(follows.runs) - MOST_NAMED
    runs = f" These run now and end: {listed}{f' and {more} more' if more > 0 else ''}."
    return (
        f"{follows.jobs} job queue entries go On Hold.{runs if listed else ''} {follows.orders} "
        f"The mappings and {follows.couplings:,} couplings stay; enabling goes on from where it "
        "stopped."
    )
