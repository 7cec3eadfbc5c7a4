"""What every list can besides being looked at: export, and saved views."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from integration_admin import saved_views
from integration_admin.exporting import ExportError, export, page_class
from integration_admin.exports import FORMATS
from integration_admin.list_tools import address_of
from integration_admin.models import SavedView
from integration_admin.pages import ListPage, ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, has_right, refusal, requires
from integration_admin.saved_views import ViewError, may_remove


def page_of(request: HttpRequest, name: str) -> ListPage[Any]:
    """Return the list of a name as the person asks for it; its own right is asked for, too."""
    kind = page_class(name)
    if kind is None:
        raise Http404
    if not has_right(request.user, kind.right):
        raise PermissionDenied(refusal(kind.right))
    return kind.of(request)


@require_GET
@requires(Right.EXPORT)
def export_list(request: SignedInRequest, name: str) -> HttpResponse:
    """Answer the rows and columns that the list shows as a file."""
    page = page_of(request, name)
    form = request.GET.get("format", "")
    if form not in FORMATS:
        raise Http404
    try:
        return cast(HttpResponse, export(page, name, form))
    except ExportError as error:
        return _refused(request, page, name, str(error))


def _refused(request: HttpRequest, page: ListPage[Any], name: str, message: str) -> HttpResponse:
    context = {
        "title": page.title,
        "message": message,
        "code": ExportError.code,
        "back": f"{reverse(name)}{page.address(format=None)}",
    }
    return render(request, "pages/not_exported.html", context, status=422)


# Saved views


@require_GET
@requires(Right.VIEW_CONSOLE)
def list_views(request: SignedInRequest, name: str) -> HttpResponse:
    """Show the views of a list, and offer to save what it shows now."""
    page = page_of(request, name)
    return _views_page(request, page, name, picture=page.picture)


def _views_page(
    request: SignedInRequest,
    page: ListPage[Any],
    name: str,
    *,
    picture: str,
    problem: ViewError | None = None,
) -> HttpResponse:
    shown = page.of(request, QueryDict(picture))
    views = saved_views.visible_to(request.user).filter(list_name=name)
    context = {
        "title": f"Views of {page.title}",
        "list_title": page.title,
        "list_name": name,
        "list_url": reverse(name),
        "rows": [(row, may_remove(request.user, row)) for row in views],
        "picture": picture,
        "chips": shown.chips(),
        "view_caption": shown.view.caption if shown.view else "",
        "search": shown.search,
        "columns": [shown.caption(column) for column in shown.shown_columns],
        "problem": problem,
        "posted": request.POST,
        "can_share": has_right(request.user, Right.MANAGE_VIEWS),
    }
    return render(request, "pages/list_views.html", context, status=422 if problem else 200)


@require_POST
@requires(Right.VIEW_CONSOLE)
def save_view(request: SignedInRequest, name: str) -> HttpResponse:
    """Save what a list shows under a name."""
    page = page_of(request, name)
    picture = request.POST.get("picture", "").replace("\x00", "")
    is_shared = "shared" in request.POST
    if is_shared and not has_right(request.user, Right.MANAGE_VIEWS):
        raise PermissionDenied(refusal(Right.MANAGE_VIEWS))
    try:
        view = saved_views.save(
            request.user,
            name,
            request.POST.get("name", ""),
            picture,
            is_shared=is_shared,
            replaces="replaces" in request.POST,
        )
    except ViewError as error:
        return _views_page(request, page, name, picture=picture, problem=error)
    if "default" in request.POST:
        saved_views.open_with(request.user, view, is_default=True)
    messages.success(request, f"The view {view} is saved.")
    return redirect(address_of(view))


def _visible(request: SignedInRequest, pk: int) -> SavedView:
    return get_object_or_404(saved_views.visible_to(request.user), pk=pk)


@require_POST
@requires(Right.VIEW_CONSOLE)
def delete_view(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete a view of one's own, or a shared one with the right to."""
    view = _visible(request, pk)
    if not may_remove(request.user, view):
        raise PermissionDenied(refusal(Right.MANAGE_VIEWS))
    if view.is_shared and not is_confirmed(request):
        return ask(
            request,
            title=f"Delete {view} for everybody?",
            text="Nobody finds it above the list any more. What the list holds stays.",
            yes=f"Delete {view}",
            no="Keep it",
        )
    saved_views.remove(view, by=request.user)
    messages.success(request, f"The view {view} is deleted.")
    return redirect("list_views", name=view.list_name)


@require_POST
@requires(Right.VIEW_CONSOLE)
def default_view(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let the list open with a view for oneself, or as usual again."""
    view = _visible(request, pk)
    is_default = request.POST.get("default") == "yes"
    saved_views.open_with(request.user, view, is_default=is_default)
    told = f"opens with {view}" if is_default else "opens as usual again"
    messages.success(request, f"For you, the list {told}.")
    return redirect("list_views", name=view.list_name)
