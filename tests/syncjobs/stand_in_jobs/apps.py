"""Registers the jobs made for tests in worker processes."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    name = "tests.syncjobs.stand_in_jobs"

    def ready(self) -> None:
        from tests.syncjobs.stand_in_jobs import jobs  # models are there only now

        jobs.register_all()
