"""Something that only one process may do at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncjobs import leases
from syncjobs.leases import BusyError, StaleWorkerError
from syncjobs.models import Lease
from tests.syncjobs.queueing.conftest import NOW

LASTS = timedelta(seconds=15)

pytestmark = pytest.mark.django_db


def test_a_lease_has_one_holder() -> None:
    first = leases.take("scheduler", "here:1", now=NOW, lasts=LASTS)
    second = leases.take("scheduler", "there:2", now=NOW, lasts=LASTS)

    assert first == 1
    assert second is None


def test_a_lease_that_has_ended_can_be_taken_and_its_fence_only_rises() -> None:
    first = leases.take("scheduler", "here:1", now=NOW, lasts=LASTS)
    second = leases.take("scheduler", "there:2", now=NOW + LASTS, lasts=LASTS)

    assert (first, second) == (1, 2)
    assert not leases.renew("scheduler", 1, now=NOW + LASTS, lasts=LASTS)
    assert leases.renew("scheduler", 2, now=NOW + LASTS, lasts=LASTS)


def test_a_lease_given_back_is_free_at_once_and_keeps_counting() -> None:
    fence = leases.take("scheduler", "here:1", now=NOW, lasts=LASTS)
    assert fence is not None

    leases.release("scheduler", fence, now=NOW)

    assert leases.take("scheduler", "there:2", now=NOW, lasts=LASTS) == 2


@pytest.mark.django_db(transaction=True)
def test_who_finds_a_mapping_taken_is_told_by_whom() -> None:
    taken = r"CUSTOMER is being synchronized already by here:1"
    with (
        leases.hold("mapping:CUSTOMER", "here:1"),
        pytest.raises(BusyError, match=taken),
        leases.hold("mapping:CUSTOMER", "there:2"),
    ):
        pytest.fail("two held it")

    with leases.hold("mapping:CUSTOMER", "there:2") as held:
        held.confirm()


@pytest.mark.django_db(transaction=True)
def test_who_lost_a_lease_may_not_write_any_more() -> None:
    with leases.hold("mapping:CUSTOMER", "here:1") as held:
        Lease.objects.update(fence=7, owner="there:2")

        with pytest.raises(StaleWorkerError):
            held.confirm()
