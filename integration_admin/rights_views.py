"""The page that tells who can do what, and which role gives it (C-3104)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from integration_admin import effective
from integration_admin.effective import CAPTIONS
from integration_admin.roles import Right, Role, SignedInRequest, requires


@require_GET
@requires(Right.MANAGE_USERS)
def who_can(request: SignedInRequest) -> HttpResponse:
    """Show what each role gives, and of one right everybody who has it in the end."""
    asked = request.GET.get("right", "")
    chosen = next((right for right in Right if right.codename == asked), None)
    gives = effective.of_groups()
    roles = [str(role) for role in Role]
    context = {
        "rights": [
            (right, CAPTIONS[right], [(role, right.codename in gives[role]) for role in roles])
            for right in Right
        ],
        "roles": roles,
        "chosen": chosen,
        "caption": CAPTIONS[chosen] if chosen else "",
        "holders": effective.holders(chosen) if chosen else [],
    }
    return render(request, "pages/who_can.html", context)
