"""Who changed a field of a record last, as the audit log knows it (C-0017)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Model

from audit.facts import kind_of
from audit.models import AuditEntry


def last_changes(row: Model, names: Collection[str]) -> dict[str, AuditEntry]:
    """Return by field the newest entry that tells a new value of it, in one query.

    What the log does not tell, or no longer, is left out.
    """
    if row.pk is None or not names:
        return {}
    entries = AuditEntry.objects.filter(
        object_kind=kind_of(row),
        object_key=str(row.pk),
        after__has_any_keys=list(names),
    ).order_by("-pk")
    found: dict[str, AuditEntry] = {}
    for entry in entries.iterator(chunk_size=20):
        for name in entry.after.keys() & set(names):
            found.setdefault(name, entry)
        if len(found) == len(names):
            break
    return found
