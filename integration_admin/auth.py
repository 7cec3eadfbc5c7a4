"""Signing in and out, and choosing the company."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import Resolver404, resolve
from django.utils.crypto import salted_hmac
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from audit import trail
from audit.terms import Act
from connections.models import Company
from integration_admin import carrying
from integration_admin.chrome import COMPANY, page_above
from integration_admin.roles import Right, SignedInRequest, requires


class Credentials(AuthenticationForm):
    """User name and password; the refusal says nothing about which of them was wrong."""

    error_messages = {
        "invalid_login": "User name or password is not right. Both are case-sensitive.",
        "inactive": "This account is switched off. Ask your administrator.",
    }


def throttled_name(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """Return what the throttle keeps of a name: one that was tried may be a password."""
    given = credentials or (request.POST if request else {})
    name = str(given.get("username") or "")
    return salted_hmac("sign-in throttle", name).hexdigest()


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """The page before all others."""

    template_name = "pages/signin.html"
    form_class = Credentials
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        trail.note(Act.SIGNED_IN, form.get_user(), by=form.get_user())
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Note who was tried; an unknown name is not, since it may be a password typed too soon."""
        typed = str(form.data.get("username", ""))[:150].replace("\x00", "")
        known = User.objects.filter(username=typed).first()
        if known:
            trail.note(Act.SIGN_IN_REFUSED, known)
        else:
            trail.note(Act.SIGN_IN_REFUSED, kind="user", name="unknown user name")
        return super().form_invalid(form)


class SignOut(LogoutView):
    """Ends the session; POST only."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        return redirect("home")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            trail.note(Act.SIGNED_OUT, request.user, by=request.user)
        return super().post(request, *args, **kwargs)


@require_POST
@requires(Right.VIEW_CONSOLE)
def switch_company(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look at another company from now on, on the same page where the other one has it too."""
    request.session[COMPANY] = get_object_or_404(Company, pk=pk).pk
    asked = carrying.next_page(request)
    if not asked:
        return redirect("home")
    try:
        match = resolve(urlsplit(asked).path)
    except Resolver404:
        return redirect("home")
    # A card is a record of the company that is left; its list is there for both.
    return redirect(page_above(match.url_name or "") if match.kwargs else asked)
