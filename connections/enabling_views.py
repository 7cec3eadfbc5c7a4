"""The page between the checks and enabling: the consent, and which mappings stay as they are."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpResponse
from django.shortcuts import render

from connections import consent
from connections.models import Company
from integration_admin.enabling import Questions
from integration_admin.roles import Right, SignedInRequest, has_right

UNPROCESSABLE = 422
ANSWERED = "answered"


def is_open(request: SignedInRequest, asked: Questions) -> bool:
    """Whether it has to be asked, or asked again: without consent nothing is enabled."""
    return ANSWERED not in request.POST or (asked.consent and not request.POST.get("consent"))


def ask(request: SignedInRequest, key: str, title: str, asked: Questions) -> HttpResponse:
    """Show what enabling would lose, with a tick for each mapping to keep, and the consent."""
    is_again = ANSWERED in request.POST
    context = {
        "title": title,
        "asked": asked,
        "consent": consent.TEXT,
        "enable_url": f"enable_{key}_setup",
        "read_url": f"{key}_setup",
        "may_replace": has_right(request.user, Right.RESET_CONFIGURATION),
        "kept": request.POST.getlist("keep") if is_again else asked.customised,
        "is_refused": is_again and asked.consent,
    }
    status = UNPROCESSABLE if is_again else 200
    return render(request, "pages/enable.html", context, status=status)


def take(request: SignedInRequest, company: Company, asked: Questions | None) -> Collection[str]:
    """Note the consent that was given; return the mappings that take the defaults."""
    if asked is None:
        return ()
    if asked.consent:
        consent.give(company, by=request.user)
    if not has_right(request.user, Right.RESET_CONFIGURATION):
        return ()
    keep = request.POST.getlist("keep")
    return [name for name in asked.customised if name not in keep]
