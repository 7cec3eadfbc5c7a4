"""The pages of Assisted Setup: the list, a guide's steps, and Finish."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import consent
from connections.setup_forms import Problem
from connections.terms import OwnershipModel
from integration_admin.choice_consequences import of_ownership
from integration_admin.chrome import COMPANY, company_of
from integration_admin.guides import drafts, guide, leaving, starting
from integration_admin.guides.dataverse_steps import PERMISSIONS
from integration_admin.guides.first_synchronization import REVIEWED
from integration_admin.guides.forms import answers_of, secrets_of
from integration_admin.guides.guide import REVIEW, Guide, Situation, Step
from integration_admin.guides.guides import GUIDES, PREFLIGHTS
from integration_admin.guides.lines import review_of, reviewed, sections_of
from integration_admin.guides.preflight import Preflight
from integration_admin.guides.run_views import LOOKS
from integration_admin.models import GuideDraft, GuideRun
from integration_admin.pages import ask, back, is_confirmed
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock
from syncjobs.leases import BusyError

UNPROCESSABLE = 422


class State(NamedTuple):
    """How far a guide is (C-0201)."""

    tone: str
    icon: str
    word: str


def state_of(the_guide: Guide, situation: Situation, draft: GuideDraft | None,
             last: GuideRun | None) -> State:  # fmt: skip
    """Return the state of a guide, in the words of C-0201."""
    if draft is not None or (last is not None and last.result not in starting.OVER):
        return State("move", "moving", "In progress")
    is_enabled = the_guide.is_enabled(situation)
    if last is not None and last.result == GuideRun.Result.WITH_WARNINGS:
        return State("held", "warn", "Completed with warnings")
    if (last is not None and last.result == GuideRun.Result.DONE) or is_enabled:
        return State("good", "good", "Completed")
    return State("quiet", "quiet", "Not started")


@require_GET
@requires(Right.CHANGE_CONNECTION)
def assisted_setup(request: SignedInRequest) -> HttpResponse:
    """List the guides with their state, and who went through them last."""
    drafts.forget_expired(now=clock.now())
    company = company_of(request)
    situation = drafts.setups_of(company)
    mine = GuideDraft.objects.filter(user=request.user, company=company)
    by_guide = {draft.guide: draft for draft in mine}
    last: dict[str, GuideRun] = {}
    for run in GuideRun.objects.filter(company=company).select_related("user").order_by("pk"):
        last[run.guide] = run
    rows = [
        (
            one,
            state_of(one, situation, by_guide.get(one.key), last.get(one.key)),
            last.get(one.key),
        )
        for one in GUIDES.values()
    ]
    return render(request, "pages/assisted_setup.html", {"rows": rows})


# One guide


def _guide(key: str) -> Guide:
    if key not in GUIDES:
        raise Http404
    return GUIDES[key]


@require_GET
@requires(Right.CHANGE_CONNECTION)
def open_guide(request: SignedInRequest, guide_key: str) -> HttpResponse:
    """Say what the guide does, where it stands, and what has to be settled before it."""
    the_guide, company = _guide(guide_key), company_of(request)
    drafts.forget_expired(now=clock.now())
    draft = drafts.find(request.user, the_guide, company)
    situation = drafts.situation_of(draft) if draft else drafts.setups_of(company)
    runs = GuideRun.objects.filter(company=company, guide=guide_key).select_related("user")
    last = runs.first()
    sentence, code = the_guide.in_the_way(situation)
    missing = guide.missing(the_guide, situation)
    context = {
        "guide": the_guide,
        "draft": draft,
        "states": guide.standings(the_guide, situation),
        "go_on": (missing[0] if missing else the_guide.steps[-1]) if draft else the_guide.steps[0],
        "last": last,
        "look": LOOKS[GuideRun.Result(last.result)] if last else None,
        "was_completed": last is not None
        and last.result in (GuideRun.Result.DONE, GuideRun.Result.WITH_WARNINGS),
        "in_the_way": sentence,
        "code": code,
    }
    return render(request, "pages/guide_start.html", context)


@require_POST
@requires(Right.CHANGE_CONNECTION)
def discard_guide(request: SignedInRequest, guide_key: str) -> HttpResponse:
    """Forget what this person has answered, after asking."""
    the_guide = _guide(guide_key)
    draft = drafts.find(request.user, the_guide, company_of(request))
    if draft is not None:
        if not is_confirmed(request):
            return ask(
                request,
                title="Discard your answers?",
                text=f"What you have answered in the guide {the_guide.title} is forgotten. "
                "Nothing in either system changes.",
                yes="Discard the answers",
                no="Keep them",
            )
        draft.delete()
        messages.success(request, "Your answers are forgotten.")
    return back(request, "assisted_setup")


# A step


@require_GET
@never_cache
@requires(Right.CHANGE_CONNECTION)
def guide_step(request: SignedInRequest, guide_key: str, step_key: str) -> HttpResponse:
    """Show a step with what was answered, else with the present values."""
    the_guide = _guide(guide_key)
    step = the_guide.step(step_key)
    if step is None:
        raise Http404
    company = company_of(request)
    drafts.forget_expired(now=clock.now())
    draft = drafts.find(request.user, the_guide, company)
    situation = drafts.situation_of(draft) if draft else drafts.setups_of(company)
    if step.leaves_out(situation):
        return redirect("guide", guide_key)
    return _step_page(request, the_guide, step, situation)


def _step_page(
    request: SignedInRequest,
    the_guide: Guide,
    step: Step,
    situation: Situation,
    form: Any = None,
    problems: list[Problem] | None = None,
) -> HttpResponse:
    form = form or step.form(situation=situation)
    problems = problems or []
    states = guide.standings(the_guide, situation, step.key)
    sections = sections_of(form, problems)
    applies = [one for one in states if one.standing != guide.Standing.LEFT_OUT]
    context: dict[str, Any] = {
        "guide": the_guide,
        "step": step,
        "states": states,
        "place": [one.step.key for one in applies].index(step.key) + 1,
        "count": len(applies),
        "is_first": guide.before(the_guide, situation, step.key) == step,
        "back": guide.before(the_guide, situation, step.key),
        "sections": sections,
        "review_rows": reviewed(form, sections) if step.key == REVIEWED else [],
        "problems": problems,
        "needs": _needs(the_guide, situation, step),
        "consent": consent.TEXT,
        "permissions": PERMISSIONS,
        "redirect_url": request.build_absolute_uri(reverse("home")),
        "situation": situation,
    }
    if step.key == REVIEW:
        context |= _review(the_guide, situation)
    status = UNPROCESSABLE if problems else 200
    return render(request, "pages/guide_step.html", context, status=status)


def _needs(the_guide: Guide, situation: Situation, step: Step) -> list[Step]:
    """Return the steps that this one rests on and that are not done."""
    open_steps = [one for one in guide.missing(the_guide, situation) if one.key in step.rests_on]
    return open_steps if step.key != REVIEW else guide.missing(the_guide, situation)


def _review(the_guide: Guide, situation: Situation) -> dict[str, Any]:
    if guide.missing(the_guide, situation):
        return {}
    return {
        "answered": review_of(the_guide, situation),
        "preflight": PREFLIGHTS[the_guide.key](situation),
        "follows": _follows(situation),
    }


def _follows(situation: Situation) -> str:
    """Say what another ownership model than that of now does to the mappings (E-9.17)."""
    row = drafts.setups_of(situation.company).dataverse  # as it is stored
    chosen = situation.answer("ownership", "ownership_model")
    if row is None or chosen in ("", row.ownership_model):
        return ""
    return of_ownership(row.company, OwnershipModel(chosen))


@require_POST
@never_cache
@requires(Right.CHANGE_CONNECTION)
def save_guide_step(request: SignedInRequest, guide_key: str, step_key: str) -> HttpResponse:
    """Keep what was entered, and go on, back or away; only going on looks whether it is right."""
    the_guide = _guide(guide_key)
    step = the_guide.step(step_key)
    if step is None or step.key == REVIEW:
        raise Http404
    now = clock.now()
    drafts.forget_expired(now=now)
    draft = drafts.find_or_new(request.user, the_guide, company_of(request), now=now)
    situation = drafts.situation_of(draft)
    if the_guide.in_the_way(situation)[0] or step.leaves_out(situation):
        return redirect("guide", guide_key)
    form = step.form(request.POST, situation=situation)
    go = request.POST.get("go", "next")
    problems, told = _problems(form, step, the_guide, situation), {}
    if go == "next" and not problems:
        problems, told = form.look()
    answers, secrets = answers_of(form, request.POST), secrets_of(form, request.POST)
    was_done = step.key in draft.done
    same = was_done and draft.answers.get(step.key) == answers and not secrets
    is_done = not problems and (go == "next" or same or not form.asks_systems)
    drafts.answer(
        draft,
        the_guide,
        step.key,
        answers=answers,
        secrets=secrets,
        told=told,
        is_done=is_done,
        now=now,
    )
    if step.key == "consent" and is_done and not was_done:
        consent.note(draft.company, by=request.user)
    return _onward(request, go, step, the_guide, draft) or _step_page(
        request, the_guide, step, situation, form, problems
    )


def _onward(
    request: SignedInRequest, go: str, step: Step, the_guide: Guide, draft: GuideDraft
) -> HttpResponse | None:
    """Return where the person goes; None where the step is not done yet."""
    situation = drafts.situation_of(draft)
    if go == "leave":
        return redirect(leaving.way_out(request, the_guide.key, step.key))
    if go == "back":
        to = guide.before(the_guide, situation, step.key)
    elif step.key in draft.done:
        to = guide.after(the_guide, situation, step.key)
    else:
        return None
    return redirect("guide_step", the_guide.key, to.key)


def _problems(form: Any, step: Step, the_guide: Guide, situation: Situation) -> list[Problem]:
    is_valid = form.is_valid()
    problems: list[Problem] = form.problems() + (form.missing() if is_valid else [])
    for needed in _needs(the_guide, situation, step):
        sentence = f"The step {needed.title} comes first."
        problems.append(Problem("", "", sentence, "Complete it, then come back.", "E-REQUIRED"))
    return problems


# Finish


@require_POST
@never_cache
@requires(Right.CHANGE_CONNECTION)
def finish_guide(request: SignedInRequest, guide_key: str) -> HttpResponse:
    """Look once more, then start the one run that makes all of it real."""
    the_guide = _guide(guide_key)
    drafts.forget_expired(now=clock.now())
    draft = drafts.find(request.user, the_guide, company_of(request))
    situation = drafts.situation_of(draft) if draft else None
    if draft is None or situation is None or the_guide.in_the_way(situation)[0]:
        return redirect("guide", guide_key)
    review = the_guide.steps[-1]
    if guide.missing(the_guide, situation):
        return redirect("guide_step", guide_key, review.key)
    found: Preflight = PREFLIGHTS[guide_key](situation)
    if found.in_the_way:
        problems = [Problem("", "", one.sentence, one.cure, one.code) for one in found.in_the_way]
        return _step_page(request, the_guide, review, situation, problems=problems)
    try:
        record = starting.finish(draft, the_guide, now=clock.now(), by=request.user)
    except BusyError as error:
        messages.error(request, f"{error.message} (E-BUSY)")
        return redirect("guide_step", guide_key, review.key)
    if request.session.get(COMPANY) is None:
        request.session[COMPANY] = record.company_id
    return redirect("guide_run", record.pk)
