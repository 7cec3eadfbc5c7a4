"""The stages on which every contract is tested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contracts.stage import Stage, memory_business_central, memory_dataverse

STAGES: dict[str, Callable[[], Stage]] = {
    "memory Business Central": memory_business_central,
    "memory Dataverse": memory_dataverse,
}


@pytest.fixture(params=list(STAGES))
def stage(request: pytest.FixtureRequest) -> Stage:
    return STAGES[request.param]()


@pytest.fixture(params=[name for name in STAGES if "Dataverse" in name])
def sales(request: pytest.FixtureRequest) -> Stage:
    """Only Dataverse: what is promised of authors, lookups and whole seconds."""
    return STAGES[request.param]()


@pytest.fixture(params=[name for name in STAGES if "Central" in name])
def business_central(request: pytest.FixtureRequest) -> Stage:
    """Only Business Central: what is promised of codes, numbers and empty values."""
    return STAGES[request.param]()
