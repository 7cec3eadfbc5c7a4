"""Leaving a guide: what was entered is kept, and the person is asked once what becomes of it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from integration_admin.chrome import company_of
from integration_admin.guides import drafts
from integration_admin.guides.guides import GUIDES
from integration_admin.roles import Right, SignedInRequest, requires


def way_out(request: HttpRequest, guide_key: str, step_key: str) -> str:
    """Return where leaving leads: within the guide there is nothing to ask (C-0203)."""
    to = _asked(request, request.POST.get("next", ""))
    if to.startswith(reverse("guide", args=[guide_key])):
        return to
    question = reverse("leave_guide", args=[guide_key, step_key])
    return f"{question}?{urlencode({'next': to})}" if to else question


def _asked(request: HttpRequest, address: str) -> str:
    """Return where the person wanted to go, if that is a page of the console."""
    hosts = {request.get_host()}
    return address if url_has_allowed_host_and_scheme(address, hosts, request.is_secure()) else ""


@require_GET
@requires(Right.CHANGE_CONNECTION)
def leave_guide(request: SignedInRequest, guide_key: str, step_key: str) -> HttpResponse:
    """Ask what becomes of the answers: they are kept already, so closing the page loses nothing."""
    guide = GUIDES.get(guide_key)
    step = guide.step(step_key) if guide else None
    if guide is None or step is None:
        raise Http404
    to = _asked(request, request.GET.get("next", "")) or reverse("assisted_setup")
    draft = drafts.find(request.user, guide, company_of(request))
    context = {"guide": guide, "step": step, "to": to, "draft": draft}
    return render(request, "pages/guide_leave.html", context)
