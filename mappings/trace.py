"""The trace that every act on mappings and couplings leaves, whichever way it came in."""

from __future__ import annotations

import logging

from django.contrib.auth.models import AbstractBaseUser

from connections.models import Company

LOGGER = logging.getLogger("mappings.trace")


def leave(company: Company, act: str, subject: str, *, by: AbstractBaseUser | None) -> None:
    """Note who did what to what; `by` is None for the console's own doing."""
    who = by.get_username() if by is not None else "console"
    LOGGER.info("%s: %s %s (%s)", company, act, subject, who)
