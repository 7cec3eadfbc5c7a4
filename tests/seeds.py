"""The seed of stories that tests tell: the same each time, others when asked for."""

from __future__ import annotations

import os
import random

USUAL = "20261125"


def story_seed() -> int:
    """Return CONVERGENCE_SEED; `random` draws one, which a failing test prints."""
    given = os.environ.get("CONVERGENCE_SEED", USUAL)
    return random.SystemRandom().randrange(10**6) if given == "random" else int(given)
