"""The Django app `integration_admin`."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    name = "integration_admin"
