"""The stages on which every contract is tested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contracts.business_central_over_https import sandbox_business_central
from tests.contracts.dataverse_over_https import sandbox_dataverse
from tests.contracts.stage import Stage, memory_business_central, memory_dataverse
from tests.running_sandbox import RunningSandbox

STAGES: dict[str, Callable[[], Stage]] = {
    "memory Business Central": memory_business_central,
    "memory Dataverse": memory_dataverse,
}
OVER_HTTPS: dict[str, Callable[[RunningSandbox], Stage]] = {
    "sandbox Business Central": sandbox_business_central,
    "sandbox Dataverse": sandbox_dataverse,
}
NAMES = [*STAGES, *OVER_HTTPS]


def _stage(request: pytest.FixtureRequest) -> Stage:
    if request.param in STAGES:
        return STAGES[request.param]()
    return OVER_HTTPS[request.param](request.getfixturevalue("sandbox"))


@pytest.fixture(params=NAMES)
def stage(request: pytest.FixtureRequest) -> Stage:
    return _stage(request)


@pytest.fixture(params=[name for name in NAMES if "Dataverse" in name])
def sales(request: pytest.FixtureRequest) -> Stage:
    """Only Dataverse: what is promised of authors, lookups and whole seconds."""
    return _stage(request)


@pytest.fixture(params=[name for name in NAMES if "Central" in name])
def business_central(request: pytest.FixtureRequest) -> Stage:
    """Only Business Central: what is promised of codes, numbers and empty values."""
    return _stage(request)
