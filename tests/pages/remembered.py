"""Pasts that are made once, and written again for each test in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from connections.models import Company
from tests.pages.factory import Past, make_company

APPS = ("connections", "mappings", "syncjobs", "audit", "integration_admin")
_known: dict[str, list[tuple[type[Model], list[Model]]]] = {}


def remembered_past(kind: str, now: datetime, *, hours: int, customers_coupled: int = 120) -> Past:
    """Return the past of this kind in an empty database; the first asking makes it."""
    if kind not in _known:
        people = set(User.objects.values_list("pk", flat=True))
        past = Past(make_company(), now)
        past.everything(customers_coupled=customers_coupled, hours=hours)
        made: dict[type[Model], list[Model]] = {
            model: list(model._default_manager.all()) for model in _models()
        }
        made[User] = list(User.objects.exclude(pk__in=people))
        _known[kind] = list(made.items())
        return past
    with transaction.atomic():
        for model, rows in _known[kind]:
            model._default_manager.bulk_create(rows, ignore_conflicts=True)
        _count_on([*_models(), User])
    return Past(Company.objects.get(), now)


def _models() -> list[type[Model]]:
    every = (model for name in APPS for model in apps.get_app_config(name).get_models())
    return [model for model in every if model._meta.managed]


def _count_on(models: Sequence[type[Model]]) -> None:
    """Let PostgreSQL number what comes next after the rows that were written with their keys."""
    statements = connection.ops.sequence_reset_sql(no_style(), models)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
