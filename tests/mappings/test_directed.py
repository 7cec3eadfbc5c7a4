"""Mappings turned to the direction of a run."""

from __future__ import annotations

from uuid import UUID

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import Company
from connections.systems import Condition, Lookup, Operator
from mappings.directed import directed, directions
from mappings.models import IntegrationTableMapping, TransformationRule
from mappings.spec import Criterion, DirectedMapping
from mappings.terms import Direction, FieldStatus, TooLong
from mappings.transformations import TransformationKind
from tests.mappings.conftest import COMPANY_ROW
from tests.memory import MemorySystem

pytestmark = pytest.mark.django_db

TO = Direction.TO_INTEGRATION_TABLE
FROM = Direction.FROM_INTEGRATION_TABLE


class Turn:
    """Turns mappings between the two systems of a test."""

    def __init__(self, business_central: MemorySystem, dataverse: MemorySystem) -> None:
        self.business_central = business_central
        self.dataverse = dataverse

    def __call__(
        self,
        mapping: IntegrationTableMapping,
        direction: Direction,
        *,
        company_row: UUID | None = None,
    ) -> DirectedMapping:
        return directed(
            mapping, direction, self.business_central, self.dataverse, company_row=company_row
        )


@pytest.fixture
def turn(business_central: MemorySystem, dataverse: MemorySystem) -> Turn:
    return Turn(business_central, dataverse)


def names(mapping: DirectedMapping) -> list[tuple[str, str]]:
    return [
        (field.source.name if field.source else "", field.destination.name)
        for field in mapping.fields
    ]


def test_every_default_mapping_can_be_turned(company: Company, turn: Turn) -> None:
    for mapping in IntegrationTableMapping.objects.filter(company=company):
        for direction in directions(mapping):
            turned = turn(mapping, direction)

            assert turned.fields, mapping
            assert turned.direction == direction


def test_a_run_to_dataverse_reads_from_business_central(
    customer: IntegrationTableMapping, turn: Turn
) -> None:
    mapping = turn(customer, TO)

    assert (mapping.source_table, mapping.destination_table) == ("customers", "account")
    assert ("displayName", "name") in names(mapping)
    assert ("creditLimit", "creditlimit") in names(mapping)
    assert mapping.two_way
    assert not mapping.answers_back
    assert mapping.insert_defaults == {"customertypecode": 3}
    assert mapping.references == {
        "SALESPEOPLE",
        "CURRENCY",
        "PAYMENT TERMS",
        "SHIPMENT METHOD",
        "SHIPPING AGENT",
        "CONTACT",
    }


def test_a_run_from_dataverse_takes_what_comes_back(
    customer: IntegrationTableMapping, turn: Turn
) -> None:
    mapping = turn(customer, FROM)

    assert (mapping.source_table, mapping.destination_table) == ("account", "customers")
    assert ("name", "displayName") in names(mapping)
    assert ("creditlimit", "creditLimit") not in names(mapping)
    assert mapping.answers_back  # the credit limit goes the other way only
    assert mapping.insert_defaults == {}


def test_a_disabled_field_takes_no_part(customer: IntegrationTableMapping, turn: Turn) -> None:
    assert ("number", "accountnumber") not in names(turn(customer, TO))  # E-11.20

    customer.fields.filter(field="number").update(status=FieldStatus.ENABLED)

    assert ("number", "accountnumber") in names(turn(customer, TO))


def test_the_table_a_lookup_points_to_is_no_field_of_its_own(
    customer: IntegrationTableMapping, turn: Turn
) -> None:
    assert "owneridtype" not in [destination for _, destination in names(turn(customer, TO))]


def test_filters_are_those_of_their_side_and_of_this_company(
    customer: IntegrationTableMapping, turn: Turn
) -> None:
    mapping = turn(customer, FROM)

    own = (Lookup("bcbi_company", COMPANY_ROW), None)
    assert mapping.source_filter == (
        Condition("statecode", Operator.EQ, (0,)),
        Condition("customertypecode", Operator.EQ, (3,)),
        Condition("bcbi_companyid", Operator.IN, own),
    )
    assert mapping.destination_filter == (Condition("blocked", Operator.EQ, (" ",)),)


def test_a_constant_is_what_its_column_holds(company: Company, turn: Turn) -> None:
    contact = IntegrationTableMapping.objects.get(name="CONTACT")

    [field] = [f for f in turn(contact, FROM).fields if f.source is None]

    assert (field.destination.name, field.constant) == ("type", "Person")


def test_records_match_by_email_and_currencies_by_code(company: Company, turn: Turn) -> None:
    customer = IntegrationTableMapping.objects.get(name="CUSTOMER")
    currency = IntegrationTableMapping.objects.get(name="CURRENCY")

    assert turn(customer, TO).criteria == (Criterion("email", "emailaddress1"),)
    assert turn(customer, FROM).criteria == (Criterion("emailaddress1", "email"),)
    assert turn(currency, TO).criteria == (Criterion("code", "isocurrencycode"),)


def test_fields_of_a_disabled_row_still_match_in_order_of_priority(
    customer: IntegrationTableMapping, turn: Turn
) -> None:
    customer.fields.filter(field="email").update(match_priority=2)
    customer.fields.filter(field="number").update(  # disabled by default; E-4.36
        use_for_match_based_coupling=True, match_priority=1, case_sensitive_matching=True
    )

    assert turn(customer, TO).criteria == (
        Criterion("number", "accountnumber", 1, case_sensitive=True),
        Criterion("email", "emailaddress1", 2),
    )


def test_a_key_is_never_cut_whatever_its_field_says(company: Company, turn: Turn) -> None:
    currency = IntegrationTableMapping.objects.get(name="CURRENCY")

    by_name = {field.destination.name: field for field in turn(currency, TO).fields}

    assert by_name["isocurrencycode"].too_long == TooLong.FAIL
    assert by_name["currencyname"].too_long == TooLong.CUT


def test_a_rule_changes_what_later_fields_read_too(
    customer: IntegrationTableMapping, turn: Turn
) -> None:  # E-2.15, E-2.16
    TransformationRule.objects.create(code="UP", transformation_type=TransformationKind.UPPERCASE)
    customer.fields.filter(field="displayName").update(
        transformation_rule="UP", transformation_direction=TO
    )
    customer.fields.filter(field="contactName").update(field="displayName")

    sent = {field.destination.name: field.transformation for field in turn(customer, TO).fields}
    received = [field.transformation for field in turn(customer, FROM).fields]

    assert sent["name"] is not None
    assert sent["name"].code == "UP"
    assert sent["address1_primarycontactname"] == sent["name"]
    assert sent["address1_city"] is None
    assert not any(received)


def test_a_mapping_without_fields_stops_the_run(
    customer: IntegrationTableMapping, turn: Turn
) -> None:  # E-2.3
    customer.fields.update(status=FieldStatus.DISABLED)

    with pytest.raises(ConfigurationError, match="no field mapping rows") as failure:
        turn(customer, TO)

    assert failure.value.cause == Cause.NO_FIELDS


def test_an_unknown_field_stops_the_run(customer: IntegrationTableMapping, turn: Turn) -> None:
    customer.fields.filter(field="email").update(integration_field="emailadress1")

    with pytest.raises(ConfigurationError, match="emailadress1"):
        turn(customer, TO)


def test_a_constant_that_does_not_fit_stops_the_run(company: Company, turn: Turn) -> None:
    contact = IntegrationTableMapping.objects.get(name="CONTACT")
    contact.fields.filter(field="type").update(constant_value="Robot")

    with pytest.raises(ConfigurationError, match="Robot"):
        turn(contact, FROM)


def test_an_unreadable_filter_stops_the_run(customer: IntegrationTableMapping, turn: Turn) -> None:
    customer.table_filter = [["blocked", "like", "A*"]]  # E-1.9, E-11.9

    with pytest.raises(ConfigurationError) as failure:
        turn(customer, TO)

    assert failure.value.cause == Cause.BAD_FILTER


def test_turning_asks_for_the_company_and_the_fields_and_for_rules_only_if_there_are_any(
    customer: IntegrationTableMapping,
    turn: Turn,
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        turn(customer, TO)
