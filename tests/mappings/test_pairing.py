"""Coupling and uncoupling by hand, retrying, and the mapping of options."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.models import AuditEntry
from audit.terms import Act, Source
from connections.causes import Cause
from connections.errors import RecordError
from connections.models import Company
from connections.systems import Lookup, Record, Value
from mappings import pairing
from mappings.models import (
    Coupling,
    IntegrationTableMapping,
    Intent,
    OptionCoupling,
    PendingCoupling,
)
from mappings.pairing import CouplingError, Systems, couple
from mappings.terms import Direction, SynchResult
from mappings.uncoupling import Uncoupled, uncouple, uncouple_all
from tests.mappings.conftest import COMPANY_ROW
from tests.memory import MemorySystem

pytestmark = pytest.mark.django_db

OURS = Lookup("bcbi_company", COMPANY_ROW)
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def account(dataverse: MemorySystem, **values: Value) -> Record:
    given: dict[str, Any] = {"statecode": 0, "bcbi_companyid": OURS, **values}
    return dataverse.add("account", **given)


def test_two_records_are_coupled_and_both_count_as_changed(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.8
    local = business_central.add("customers", number="10000", displayName="Adatum")
    remote = account(dataverse)

    coupling = couple(customer, local.id, remote.id, systems)

    assert (coupling.business_central_id, coupling.dataverse_id) == (local.id, remote.id)
    assert (coupling.business_central_key, coupling.name) == ("10000", "Adatum")
    assert coupling.last_synch_modified_on is None
    assert coupling.last_synch_crm_modified_on is None


def test_coupling_settles_what_was_parked_or_intended(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:
    local, remote = business_central.add("customers"), account(dataverse)
    mine: dict[str, Any] = {"company": customer.company, "mapping_name": "CUSTOMER"}
    PendingCoupling.objects.create(
        direction=Direction.TO_INTEGRATION_TABLE,
        record_id=local.id,
        cause=Cause.AMBIGUOUS,
        message="2 match",
        seen_at=NOW,
        failed_at=NOW,
        **mine,
    )
    Intent.objects.create(
        direction=Direction.FROM_INTEGRATION_TABLE,
        source_id=remote.id,
        source_modified_at=NOW,
        destination_id=uuid4(),
        creates=True,
        noted_at=NOW,
        **mine,
    )

    couple(customer, local.id, remote.id, systems)

    assert not PendingCoupling.objects.exists()
    assert not Intent.objects.exists()


def test_a_coupled_record_gets_its_new_partner_instead(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.11, E-4.7
    local = business_central.add("customers")
    first, second = account(dataverse), account(dataverse)
    coupling = couple(customer, local.id, first.id, systems)
    Coupling.objects.filter(pk=coupling.pk).update(
        last_synch_modified_on=NOW, last_synch_crm_result=SynchResult.FAILURE, skipped=True
    )

    couple(customer, local.id, second.id, systems)

    [again] = Coupling.objects.all()
    assert again.dataverse_id == second.id
    assert again.incarnation == coupling.incarnation + 1
    assert not again.skipped
    assert again.last_synch_modified_on is None
    assert again.last_synch_crm_result == SynchResult.NONE


def test_coupling_the_same_pair_again_makes_it_due_again(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-3.82
    local, remote = business_central.add("customers"), account(dataverse)
    first = couple(customer, local.id, remote.id, systems)
    Coupling.objects.update(skipped=True, skipped_at=NOW)

    again = couple(customer, local.id, remote.id, systems)

    again.refresh_from_db()
    assert again.pk == first.pk
    assert not again.skipped


def test_a_row_that_belongs_to_another_record_is_refused(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.10
    owner, other = business_central.add("customers", number="1"), business_central.add("customers")
    remote = account(dataverse)
    couple(customer, owner.id, remote.id, systems)

    with pytest.raises(CouplingError, match="already coupled to customers 1"):
        couple(customer, other.id, remote.id, systems)

    assert Coupling.objects.get().business_central_id == owner.id


def test_the_coupling_of_a_record_that_is_gone_gives_way(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.10
    gone, other = business_central.add("customers"), business_central.add("customers")
    remote = account(dataverse)
    couple(customer, gone.id, remote.id, systems)
    business_central.drop(gone)

    couple(customer, other.id, remote.id, systems)

    assert Coupling.objects.get().business_central_id == other.id


def test_an_account_can_be_a_customer_and_a_vendor(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.9
    vendor = IntegrationTableMapping.objects.get(name="VENDOR")
    remote = account(dataverse)

    couple(customer, business_central.add("customers").id, remote.id, systems)
    couple(vendor, business_central.add("vendors").id, remote.id, systems)

    assert Coupling.objects.filter(dataverse_id=remote.id).count() == 2


def test_a_record_that_does_not_exist_cannot_be_coupled(
    customer: IntegrationTableMapping, business_central: MemorySystem, systems: Systems
) -> None:
    local = business_central.add("customers")

    with pytest.raises(CouplingError, match="There is no"):
        couple(customer, local.id, UUID(int=7), systems)


def test_an_option_mapping_couples_no_records(company: Company, systems: Systems) -> None:
    terms = IntegrationTableMapping.objects.get(name="PAYMENT TERMS")

    with pytest.raises(CouplingError, match="option"):
        couple(terms, uuid4(), uuid4(), systems)


# Uncoupling


def test_uncoupling_gives_the_row_back(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.20, E-4.22
    local, remote = business_central.add("customers"), account(dataverse)
    couple(customer, local.id, remote.id, systems)

    result = uncouple(customer, [local.id], systems)

    assert result == Uncoupled(uncoupled=1, modified=1)
    assert dataverse.now(remote).values["bcbi_companyid"] is None
    assert not Coupling.objects.exists()


def test_a_row_of_another_company_is_left_alone(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:
    local = business_central.add("customers")
    remote = account(dataverse, bcbi_companyid=Lookup("bcbi_company", UUID(int=6)))
    couple(customer, local.id, remote.id, systems)

    result = uncouple(customer, [local.id], systems)

    assert result == Uncoupled(uncoupled=1)
    assert dataverse.now(remote).values["bcbi_companyid"] is not None


def test_the_contacts_of_an_account_are_uncoupled_with_it(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.21
    contact = IntegrationTableMapping.objects.get(name="CONTACT")
    local, remote = business_central.add("customers"), account(dataverse)
    person, elsewhere = business_central.add("contacts"), business_central.add("contacts")
    child = dataverse.add("contact", parentcustomerid=Lookup("account", remote.id))
    stranger = dataverse.add("contact", parentcustomerid=Lookup("account", uuid4()))
    couple(customer, local.id, remote.id, systems)
    couple(contact, person.id, child.id, systems)
    couple(contact, elsewhere.id, stranger.id, systems)

    uncouple(customer, [local.id], systems)

    assert Coupling.objects.get().dataverse_id == stranger.id


def test_the_statistics_of_an_account_go_with_it(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.21
    figures = dataverse.add("nav_accountstatistics")
    local = business_central.add("customers")
    remote = account(dataverse, nav_accountstatisticsid=Lookup("nav_accountstatistics", figures.id))
    couple(customer, local.id, remote.id, systems)

    uncouple(customer, [local.id], systems)

    assert dataverse.all("nav_accountstatistics") == []


def test_a_row_that_changes_meanwhile_is_read_and_written_again(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:
    local, remote = business_central.add("customers"), account(dataverse)
    couple(customer, local.id, remote.id, systems)
    dataverse.before_write.append(lambda: dataverse.edit(remote, name="Edited"))

    result = uncouple(customer, [local.id], systems)

    assert result == Uncoupled(uncoupled=1, modified=1)
    assert dataverse.now(remote).values["name"] == "Edited"


def test_a_row_that_is_refused_stays_coupled_and_others_go_on(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:
    pairs = [(business_central.add("customers"), account(dataverse)) for _ in range(3)]
    for local, remote in pairs:
        couple(customer, local.id, remote.id, systems)
    refused = pairs[1][1]
    dataverse.refusals.append(
        lambda table, write: (
            RecordError("The row is locked.", cause=Cause.REFUSED)
            if getattr(write, "record", None) and write.record.id == refused.id  # type: ignore[union-attr]
            else None
        )
    )

    result = uncouple(customer, [local.id for local, _ in pairs], systems)

    assert result == Uncoupled(2, 2, ((refused.id, "The row is locked."),))
    assert Coupling.objects.get().dataverse_id == refused.id


def test_a_row_that_is_gone_does_not_hold_its_coupling(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:
    local, remote = business_central.add("customers"), account(dataverse)
    couple(customer, local.id, remote.id, systems)
    dataverse.drop(remote)

    assert uncouple(customer, [local.id], systems) == Uncoupled(uncoupled=1)


def test_uncoupling_all_also_frees_rows_that_were_stuck(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:  # E-4.23
    local, remote = business_central.add("customers"), account(dataverse, customertypecode=3)
    stuck = account(dataverse, customertypecode=3)
    of_vendors = account(dataverse, customertypecode=11)
    couple(customer, local.id, remote.id, systems)

    result = uncouple_all(customer, systems)

    assert result == Uncoupled(uncoupled=1, modified=2)
    assert dataverse.now(stuck).values["bcbi_companyid"] is None
    assert dataverse.now(of_vendors).values["bcbi_companyid"] == OURS


def test_uncoupling_many_takes_a_constant_number_of_statements_and_requests(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    couplings = [
        Coupling(
            company=customer.company,
            mapping_name="CUSTOMER",
            business_central_id=uuid4(),
            dataverse_id=account(dataverse).id,
        )
        for _ in range(200)
    ]
    Coupling.objects.bulk_create(couplings)
    dataverse.requests.clear()

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        uncouple(customer, [c.business_central_id for c in couplings], systems)

    assert dataverse.requests.total() == 3


# Retrying


def coupled(company: Company, *, skipped: bool) -> Coupling:
    return Coupling.objects.create(
        company=company,
        mapping_name="CUSTOMER",
        business_central_id=uuid4(),
        dataverse_id=uuid4(),
        last_synch_crm_result=SynchResult.FAILURE,
        skipped=skipped,
        skipped_at=NOW if skipped else None,
    )


def test_a_retried_coupling_waits_for_the_next_run(company: Company) -> None:  # E-4.49
    waiting, fine = coupled(company, skipped=True), coupled(company, skipped=False)

    count = pairing.retry([waiting.pk, fine.pk])

    waiting.refresh_from_db()
    assert count == 1
    assert not waiting.skipped
    assert waiting.skipped_at is None
    assert waiting.last_synch_crm_result == SynchResult.FAILURE


def test_everything_that_was_skipped_can_be_retried_at_once(company: Company) -> None:
    coupled(company, skipped=True)
    PendingCoupling.objects.create(
        company=company,
        mapping_name="CUSTOMER",
        direction=Direction.TO_INTEGRATION_TABLE,
        record_id=uuid4(),
        cause=Cause.REFUSED,
        message="no",
        skipped=True,
        seen_at=NOW,
        failed_at=NOW,
    )

    assert pairing.retry_all(company) == 2
    assert not Coupling.objects.in_error().exists()
    assert not PendingCoupling.objects.filter(skipped=True).exists()


def test_a_pending_record_can_be_retried_by_itself(company: Company) -> None:
    parked = PendingCoupling.objects.create(
        company=company,
        mapping_name="CUSTOMER",
        direction=Direction.TO_INTEGRATION_TABLE,
        record_id=uuid4(),
        cause=Cause.REFUSED,
        message="no",
        skipped=True,
        seen_at=NOW,
        failed_at=NOW,
    )

    assert pairing.retry_pending([parked.pk]) == 1


def test_removing_a_coupling_touches_neither_record(
    customer: IntegrationTableMapping,
    business_central: MemorySystem,
    dataverse: MemorySystem,
    systems: Systems,
) -> None:
    local, remote = business_central.add("customers"), account(dataverse)
    coupling = couple(customer, local.id, remote.id, systems)

    assert pairing.remove([coupling.pk]) == 1
    assert dataverse.now(remote) == remote


def test_every_act_leaves_a_trace(company: Company) -> None:
    waiting = coupled(company, skipped=True)

    pairing.retry([waiting.pk])

    entry = AuditEntry.objects.get(act=Act.RETRIED)
    assert entry.object_name.startswith("CUSTOMER")
    assert entry.source == Source.COMMAND


# Options


@pytest.fixture
def terms(company: Company) -> IntegrationTableMapping:
    return IntegrationTableMapping.objects.get(company=company, name="PAYMENT TERMS")


def test_an_option_is_mapped_one_to_one(
    terms: IntegrationTableMapping, business_central: MemorySystem
) -> None:  # E-4.50
    days14 = business_central.add("paymentTerms", code="14 DAYS")
    month = business_central.add("paymentTerms", code="1M")
    pairing.map_option(terms, days14, "14 DAYS", 1, "Net 14")

    with pytest.raises(CouplingError, match="already mapped to 14 DAYS"):
        pairing.map_option(terms, month, "1M", 1, "Net 14")

    assert OptionCoupling.objects.get().option_value == 1


def test_a_mapped_record_can_be_mapped_to_another_value(
    terms: IntegrationTableMapping, business_central: MemorySystem
) -> None:
    days14 = business_central.add("paymentTerms", code="14 DAYS")
    pairing.map_option(terms, days14, "14 DAYS", 1, "Net 14")

    row = pairing.map_option(terms, days14, "14 DAYS", 2, "Two weeks")

    assert OptionCoupling.objects.get() == row
    assert pairing.unmap_options([row.pk]) == 1
