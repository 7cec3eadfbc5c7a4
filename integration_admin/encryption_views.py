"""Encryption Management (P36): the keys by their fingerprints, and rotation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from connections import encryption as verbs
from connections.errors import ConfigurationError
from integration_admin.pages import ask, is_confirmed
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, requires


@require_GET
@requires(Right.MANAGE_SECRETS)
def encryption(request: SignedInRequest) -> HttpResponse:
    """Show whether secrets are encrypted, under which keys, and what no key opens (C-3601)."""
    found = verbs.survey()
    path = settings.SECRETS_KEYS_FILE
    kept = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    in_file = bool(kept) and list(settings.SECRETS_KEYS) == kept
    context = {
        "survey": found,
        "stored": sum(key.secrets for key in found.keys) + len(found.unreadable),
        "place": f"the file {path}" if in_file else "SECRETS_KEYS in the environment",
        "in_file": in_file,
    }
    return render(request, "pages/encryption.html", context)


@require_POST
@requires(Right.MANAGE_SECRETS)
def rotate_secrets(request: SignedInRequest) -> HttpResponse:
    """Put every stored secret under the newest key, after asking (level 1)."""
    found = verbs.survey()
    if found.is_on and not is_confirmed(request):
        return ask(
            request,
            title="Put all stored secrets under the newest key?",
            text=f"Secrets under older keys: {found.under_older_keys}. They are encrypted anew "
            f"under key {found.keys[0].id}; the connections go on working meanwhile.",
            yes="Rotate the secrets",
            no="Leave them as they are",
        )
    try:
        done = verbs.rotate(by=request.user)
    except ConfigurationError as error:
        messages.error(request, told(error))
        return redirect("encryption")
    if done.unreadable:
        messages.warning(request, f"{done.sentence} Not readable: {len(done.unreadable)}.")
    else:
        messages.success(request, done.sentence)
    return redirect("encryption")
