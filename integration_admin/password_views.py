"""The pages where people get in: a new user, a password link, setting and changing a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from integration_admin import passwords
from integration_admin.pages import ask, is_confirmed
from integration_admin.roles import Right, Role, SignedInRequest, requires
from integration_admin.users import UserError

UNPROCESSABLE = 422
CODES = {"required": "E-REQUIRED", "unique": "E-DUP", "password_incorrect": "E-CREDENTIALS"}
PASSWORDS = ("new_password1", "new_password2")


class NewUser(forms.ModelForm[User]):
    """Who may sign in from now on."""

    use_required_attribute = False
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role.value, role.value) for role in Role],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")
        labels = {"username": "User name", "email": "E-mail"}
        help_texts = {"username": "Letters, digits and @ . + - _"}


def lines_of(form: forms.BaseForm) -> list[dict[str, Any]]:
    """Return the fields of a form with what is wrong with each; a password is never filled in."""
    lines = []
    for bound in form:
        problems = [
            {"sentence": _sentence(bound, error), "code": _code(bound.name, str(error.code))}
            for error in form.errors.as_data().get(bound.name, [])
        ]
        attrs: dict[str, str | bool] = {"class": "input"}
        if problems:
            attrs |= {"aria-invalid": "true", "aria-describedby": f"{bound.id_for_label}-e"}
        lines.append(
            {
                "name": bound.name,
                "id": bound.id_for_label,
                "caption": bound.label,
                "hint": bound.help_text if bound.name == "username" else "",
                "html": bound.as_widget(attrs=attrs),
                "problems": problems,
            }
        )
    return lines


def _sentence(bound: forms.BoundField, error: ValidationError) -> str:
    return f"Fill in {bound.label}." if error.code == "required" else " ".join(error.messages)


def _code(name: str, code: str) -> str:
    if name in PASSWORDS and code != "required":
        return "E-PASSWORD"
    return CODES.get(code, "E-TYPE")


# New users


@require_GET
@requires(Right.MANAGE_USERS)
def new_user(request: SignedInRequest) -> HttpResponse:
    """Ask who it is, and what they may."""
    return _new(request, NewUser())


def _new(request: SignedInRequest, form: NewUser) -> HttpResponse:
    lines = lines_of(form)
    chosen = form.data.getlist("roles") if form.is_bound else []  # type: ignore[attr-defined]
    context = {
        "lines": [line for line in lines if line["name"] != "roles"],
        "roles": [(role.value, role.value in chosen) for role in Role],
        "problems": [(line, one) for line in lines for one in line["problems"]],
    }
    return render(
        request, "pages/user_new.html", context, status=UNPROCESSABLE if form.errors else 200
    )


@never_cache
@require_POST
@requires(Right.MANAGE_USERS)
def create_user(request: SignedInRequest) -> HttpResponse:
    """Let somebody in and show, this once, the link with which they set their password."""
    form = NewUser(request.POST)
    if not form.is_valid():
        return _new(request, form)
    roles = [Role(value) for value in form.cleaned_data["roles"]]
    user = form.save(commit=False)
    try:
        link = passwords.invite(user, roles, by=request.user)
    except IntegrityError:  # somebody else was let in under this name meanwhile
        form.add_error("username", user.unique_error_message(User, ("username",)))
        return _new(request, form)
    return _link_page(request, user, link)


@never_cache
@require_POST
@requires(Right.MANAGE_USERS)
def new_password_link(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let somebody's password work no longer, after asking, and show the link to a new one."""
    user = get_object_or_404(User, pk=pk)
    if not is_confirmed(request):
        return ask(
            request,
            title=f"New password for {user}?",
            text="Their present password stops working at once and their sessions end. You get a "
            "link that works once; give it to them by a way that you trust.",
            yes="Make the link",
            no="Leave the password alone",
        )
    try:
        link = passwords.withdraw(user, by=request.user)
    except UserError as error:
        messages.error(request, str(error))
        return redirect("user", pk=user.pk)
    return _link_page(request, user, link)


def _link_page(request: SignedInRequest, user: User, link: str) -> HttpResponse:
    context = {"person": user, "link": request.build_absolute_uri(link)}
    return render(request, "pages/password_link.html", context)


@method_decorator([login_not_required, never_cache], name="dispatch")
class SetPassword(PasswordResetConfirmView):
    """Where a password link leads; the link itself leaves the address at once."""

    template_name = "pages/set_password.html"

    def form_valid(self, form: Any) -> HttpResponse:
        form.save()
        passwords.changed(form.user, by=form.user)
        messages.success(self.request, "Your password is set. Sign in with it.")
        return redirect("sign_in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context.get("form")
        return context | {"lines": lines_of(form) if form is not None else []}


# One's own password


@require_GET
@requires(Right.VIEW_CONSOLE)
def password(request: SignedInRequest) -> HttpResponse:
    """Ask for the present password and a new one."""
    return _own(request, PasswordChangeForm(request.user))


def _own(request: SignedInRequest, form: PasswordChangeForm) -> HttpResponse:
    lines = lines_of(form)
    problems = [(line, one) for line in lines for one in line["problems"]]
    context = {"lines": lines, "problems": problems}
    status = UNPROCESSABLE if problems else 200
    return render(request, "pages/password.html", context, status=status)


@never_cache
@require_POST
@requires(Right.VIEW_CONSOLE)
def change_password(request: SignedInRequest) -> HttpResponse:
    """Change one's own password; other sessions of the same person end."""
    form = PasswordChangeForm(request.user, request.POST)
    if not form.is_valid():
        return _own(request, form)
    form.save()
    update_session_auth_hash(request, form.user)
    passwords.changed(form.user, by=request.user)
    messages.success(request, "Your password is changed. Your other sessions have ended.")
    return redirect("home")
