"""The lookup for a page of records: finds what `in` finds, with one parameter."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connections.models import Company
from mappings.models import Coupling

PAGE = 3_000  # more than Django lets an `in` of SQLite have in one go


@pytest.fixture
def coupled(db: None) -> list[Coupling]:
    company = Company.objects.create(name="CRONUS", business_central_id=uuid4())
    return [
        Coupling.objects.create(
            company=company,
            mapping_name="CUSTOMER",
            business_central_id=uuid4(),
            dataverse_id=uuid4(),
            business_central_key=key,
            last_synch_modified_on=datetime(2026, 11, 25, tzinfo=UTC),
        )
        for key in ("10000", "O'Neil", 'say "ö"', "[1,2]")
    ]


def test_ids_are_found_among_many_with_one_parameter(coupled: list[Coupling]) -> None:
    wanted = [*(uuid4() for _ in range(PAGE)), coupled[1].dataverse_id, coupled[3].dataverse_id]

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = Coupling.objects.filter(dataverse_id__among=wanted).order_by("pk")

        assert list(found) == [coupled[1], coupled[3]]
    assert len(asked) == 1


@pytest.mark.parametrize("key", ["10000", "O'Neil", 'say "ö"', "[1,2]"])
def test_codes_are_found_whatever_signs_they_have(coupled: list[Coupling], key: str) -> None:
    found = Coupling.objects.filter(business_central_key__among={key, "20000"})

    assert [row.business_central_key for row in found] == [key]


def test_among_nothing_asks_nobody(coupled: list[Coupling]) -> None:
    nothing: list[UUID] = []

    with CaptureQueriesContext(connection) as asked:
        assert not Coupling.objects.filter(business_central_id__among=nothing)
    assert len(asked) == 0


def test_what_is_among_can_be_deleted_too(coupled: list[Coupling]) -> None:
    first, *others = coupled

    Coupling.objects.filter(business_central_id__among=[first.business_central_id]).delete()

    assert list(Coupling.objects.order_by("pk")) == others
