"""The Django app `mappings`."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import CharField, UUIDField

from mappings.among import Among


class Config(AppConfig):
    name = "mappings"

    def ready(self) -> None:
        for field in (CharField, UUIDField):
            field.register_lookup(Among)
