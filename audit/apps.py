"""The Django app `audit`: who changed what."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    name = "audit"
