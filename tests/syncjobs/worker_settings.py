"""Settings of worker and scheduler processes that tests start: with jobs made for the test."""

from __future__ import annotations

from integration_admin.settings import *  # noqa: F403
from integration_admin.settings import INSTALLED_APPS

INSTALLED_APPS += ["tests.syncjobs.stand_in_jobs"]
