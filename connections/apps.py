"""The Django app `connections`."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    name = "connections"
