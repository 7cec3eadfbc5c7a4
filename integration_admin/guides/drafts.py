"""Drafts of guides: kept for a week, their secrets sealed and for an hour (C-0202)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q

from connections.errors import ConfigurationError
from connections.models import Company
from connections.secrets import Secret
from integration_admin.guides.guide import Guide, Situation, resting_on
from integration_admin.models import GuideDraft, GuideRun
from mappings import customised

KEPT = timedelta(days=7)
SECRETS_KEPT = timedelta(hours=1)
SETUPS = (
    "business_central_connection",
    "dataverse_connection_setup",
    "sales_connection_setup",
    "deployment_identity",
)


def find(user: AbstractBaseUser, guide: Guide, company: Company | None) -> GuideDraft | None:
    """Return what this person has answered so far."""
    return GuideDraft.objects.filter(user_id=user.pk, guide=guide.key, company=company).first()


def find_or_new(
    user: AbstractBaseUser, guide: Guide, company: Company | None, *, now: datetime
) -> GuideDraft:
    """Return this person's draft, or one that is not saved yet."""
    found = find(user, guide, company)
    return found or GuideDraft(
        user_id=user.pk, guide=guide.key, company=company, expires_at=now + KEPT
    )


def forget_expired(*, now: datetime) -> int:
    """Remove drafts of last week and secrets of the last hour; return how many rows that were."""
    removed, _ = GuideDraft.objects.filter(expires_at__lte=now).delete()
    late = Q(secrets_until__lte=now)
    for draft in GuideDraft.objects.filter(late):
        # What rested on a secret has to be answered again.
        draft.done = [key for key in draft.done if key not in secrets_of(draft.secrets)]
        draft.secrets, draft.secrets_until = "", None
        draft.save()
        removed += 1
    return removed + GuideRun.objects.filter(late).update(secrets=Secret(), secrets_until=None)


def secrets_of(sealed: Secret) -> dict[str, dict[str, str]]:
    """Return the secrets by step; none where they cannot be read any more."""
    try:
        text = sealed.reveal()
    except ConfigurationError:  # the key is gone: they are entered again
        return {}
    found: dict[str, dict[str, str]] = json.loads(text) if text else {}
    return found


def answer(
    draft: GuideDraft,
    guide: Guide,
    key: str,
    *,
    answers: Mapping[str, Any],
    secrets: Mapping[str, str],
    told: Mapping[str, Any],
    is_done: bool,
    now: datetime,
) -> None:
    """Keep what was entered in a step; what rests on it is looked at again if it changed."""
    kept = secrets_of(draft.secrets)
    changed = draft.answers.get(key) != dict(answers) or bool(secrets)
    done = set(draft.done) - (resting_on(guide, key) if changed else set())
    done = done | {key} if is_done else done - {key}
    draft.answers = {**draft.answers, key: dict(answers)}
    draft.told = {**draft.told, **told}
    draft.done = sorted(done)
    if secrets:
        kept[key] = {**kept.get(key, {}), **secrets}
        draft.secrets, draft.secrets_until = json.dumps(kept), now + SECRETS_KEPT
    draft.expires_at = now + KEPT
    _save(draft)


def _save(draft: GuideDraft) -> None:
    """Keep the draft; of two first clicks that are made at once one is kept, with the same."""
    with suppress(IntegrityError), transaction.atomic():
        draft.save()


def situation_of(source: GuideDraft | GuideRun) -> Situation:
    """Return what a guide knows with these answers, and what is set up already."""
    return replace(
        setups_of(source.company),
        answers=source.answers,
        secrets=secrets_of(source.secrets),
        told=source.told,
        done=frozenset(source.done) if isinstance(source, GuideDraft) else frozenset(),
    )


def setups_of(company: Company | None) -> Situation:
    """Return what is set up already, without answers."""
    if company is None:
        return Situation()
    found = Company.objects.select_related(*SETUPS).get(pk=company.pk)
    rows = [getattr(found, name, None) for name in SETUPS]
    return Situation(
        company=found,
        business_central=rows[0],
        dataverse=rows[1],
        sales=rows[2],
        identity=rows[3],
        customised=customised.customised(found),
    )
