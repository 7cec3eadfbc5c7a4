"""Saving a set-up that somebody else made or changed meanwhile."""

from __future__ import annotations

import pytest

from connections import setup_edits
from connections.models import BusinessCentralConnection, Company
from connections.setup_edits import StaleError
from tests.pages.factory import make_company

pytestmark = pytest.mark.django_db


def test_of_two_first_set_ups_of_a_company_the_second_is_told_what_differs() -> None:
    company = make_company()
    theirs = company.business_central_connection
    mine = BusinessCentralConnection(
        company=company, tenant="mine.example", client_id=theirs.client_id
    )

    with pytest.raises(StaleError) as refused:
        setup_edits.save([mine], ("tenant",), read={})

    [conflict] = refused.value.conflicts
    assert (conflict.name, conflict.theirs) == ("tenant", theirs.tenant)
    assert BusinessCentralConnection.objects.get() == theirs


def test_of_two_companies_of_one_name_the_second_is_told() -> None:
    company = make_company()
    twin = Company(name=company.name, business_central_id=company.business_central_id)

    with pytest.raises(StaleError):
        setup_edits.save([twin], ("name",), read={})

    assert Company.objects.get() == company
