"""History: the way from a record to the entries of the audit log that name it (C-3201)."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model
from django.urls import reverse

from audit.facts import kind_of
from integration_admin.roles import Right, has_right


def history_of(row: Model, reader: AbstractBaseUser | AnonymousUser) -> str:
    """Return where somebody finds a record's entries; empty where they may not, or it is new."""
    if row.pk is None or not has_right(reader, Right.VIEW_AUDIT):
        return ""
    return f"{reverse('audit_log')}?object={kind_of(row)}:{row.pk}"
