"""The Django app `integration_admin`."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class Config(AppConfig):
    name = "integration_admin"

    def ready(self) -> None:
        # Its receiver begins the time of a session: also of one made before the first request.
        import integration_admin.idle  # noqa: F401

        post_migrate.connect(_after_migrate, sender=self, dispatch_uid="ensure_roles")


def _after_migrate(sender: AppConfig, *, using: str, **_rest: Any) -> None:
    """Every migrated database knows the roles: permissions are made only after migrations."""
    from django.contrib.auth.management import create_permissions

    from integration_admin.roles import ensure_roles

    create_permissions(sender, verbosity=0, using=using)
    ensure_roles()
