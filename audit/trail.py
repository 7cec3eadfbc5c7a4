"""The trail that every act leaves, whichever way it came in (C-0021)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import models
from django.utils import timezone

from audit import chain, scene
from audit.facts import differences, facts_of, kind_of
from audit.models import AuditEntry
from audit.scene import Person
from audit.terms import Act

MOST_ROWS = 100  # an act on more rows than this leaves one entry with their number
NAME, KIND, REASON = 250, 60, 250


def note(
    act: Act,
    subject: models.Model | None = None,
    *,
    kind: str = "",
    name: str = "",
    company: models.Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    by: Person = None,
) -> AuditEntry:
    """Note who did what; `by` may be left out where the scene knows who is there.

    The object is `subject`, or has a `kind` and `name` only. Of `before` and `after` the
    differences are kept, of secrets only that they changed.
    """
    entry = _entry(act, subject, kind=kind, name=name, company=company, by=by)
    entry.before, entry.after = differences(before or {}, after or {})
    entry.reason = reason[:REASON]
    entry.digest = chain.digest_of(entry)
    entry.save()
    chain.seal_soon([entry])
    return entry


def note_rows(
    act: Act,
    rows: Iterable[models.Model],
    *,
    gone: Collection[str] = (),
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    by: Person = None,
) -> None:
    """Note the same act on several rows: an entry for each, or one for very many; one insert.

    Each row has a company, which has to be there already. Before and after are the same for all;
    of rows that go, `gone` names the fields to be kept as what was.
    """
    found = list(rows)
    was, now = differences(before or {}, after or {})
    if not found:
        return
    if len(found) > MOST_ROWS:
        kind = str(found[0]._meta.verbose_name_plural)
        entries = [
            _entry(act, None, kind=kind, name=f"{count} {kind}", company=company, by=by)
            for company, count in _by_company(found).items()
        ]
        for entry in entries:
            entry.before, entry.after = was, now
    else:
        entries = [_entry(act, row, by=by) for row in found]
        for entry, row in zip(entries, found, strict=True):
            entry.before = differences(facts_of(row, gone), {})[0] if gone else was
            entry.after = now
    for entry in entries:
        entry.digest = chain.digest_of(entry)
    AuditEntry.objects.bulk_create(entries)
    chain.seal_soon(entries)


def _by_company(rows: list[models.Model]) -> dict[models.Model, int]:
    counts: dict[models.Model, int] = {}
    for row in rows:
        company = row.company  # type: ignore[attr-defined]
        counts[company] = counts.get(company, 0) + 1
    return counts


def _entry(
    act: Act,
    subject: models.Model | None,
    *,
    kind: str = "",
    name: str = "",
    company: models.Model | None = None,
    by: Person = None,
) -> AuditEntry:
    here = scene.current()
    person = by if by is not None else here.person()
    signed_in = person is not None and person.is_authenticated and person.pk is not None
    if company is None and subject is not None:
        company = getattr(subject, "company", None)
    if subject is not None:
        kind, name = kind or kind_of(subject), name or str(subject)
    return AuditEntry(
        moment=timezone.now(),
        user_id=person.pk if signed_in and person is not None else None,
        user_name=person.get_username() if signed_in and person is not None else here.name,
        source=here.source,
        act=act,
        object_kind=kind[:KIND],
        object_key=str(subject.pk) if subject is not None and subject.pk is not None else "",
        object_name=name[:NAME],
        company_id=company.pk if company is not None else None,
        company_name=str(company)[:NAME] if company is not None else "",
        correlation_id=here.correlation_id,
        address=here.address,
    )
