"""Which privileges the tables of mappings need, asked in one place (C-0803)."""

from __future__ import annotations

import pytest

from connections.models import Company
from connections.role_matrix import Need
from mappings.models import IntegrationTableMapping
from mappings.table_access import needed
from mappings.terms import CouplingKind, Direction

pytestmark = pytest.mark.django_db


def need_of(company: Company, table: str) -> Need | None:
    return next((need for need in needed(company) if need.table == table), None)


def test_a_table_that_is_sent_to_is_created_written_owned_and_refers_to_others(
    company: Company,
) -> None:
    account, user = need_of(company, "account"), need_of(company, "systemuser")

    assert account
    assert account.access == {"Create", "Read", "Write", "Append", "AppendTo", "Assign"}
    assert {"CUSTOMER", "VENDOR"} <= set(account.mappings)
    assert user
    assert user.access == {"Read", "AppendTo"}  # salespeople come from there


def test_options_and_what_is_only_received_need_no_writing(company: Company) -> None:
    IntegrationTableMapping.objects.filter(company=company).exclude(
        kind=CouplingKind.OPTION
    ).update(direction=Direction.FROM_INTEGRATION_TABLE)

    assert {right for need in needed(company) for right in need.access} == {"Read"}
    assert "PAYMENT TERMS" not in {name for need in needed(company) for name in need.mappings}
