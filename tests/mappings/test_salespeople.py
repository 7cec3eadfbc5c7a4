"""Couple Salespeople: who may be coupled with whom, what is proposed, what becomes of choices."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from audit.models import AuditEntry
from audit.terms import Act
from connections.models import Company
from connections.systems import Record
from mappings import roster, salespeople
from mappings.models import Coupling, IntegrationTableMapping
from mappings.pairing import Systems
from tests.memory import MemorySystem

pytestmark = pytest.mark.django_db
INSIDE = {"isdisabled": False, "islicensed": True, "isintegrationuser": False}


@pytest.fixture
def mapping(company: Company) -> IntegrationTableMapping:
    return IntegrationTableMapping.objects.get(company=company, name="SALESPEOPLE")


def salesperson(system: MemorySystem, code: str, email: str = "") -> Record:
    return system.add(
        "salespeoplePurchasers", code=code, displayName=f"Name of {code}", email=email
    )


def user(system: MemorySystem, name: str, email: str = "", **changed: object) -> Record:
    values = {"fullname": name, "internalemailaddress": email, **INSIDE, **changed}
    return system.add("systemuser", **values)  # type: ignore[arg-type]


def partners(mapping: IntegrationTableMapping) -> dict[UUID, str]:
    rows = Coupling.objects.filter(company=mapping.company, mapping_name=mapping.name)
    return dict(rows.values_list("dataverse_id", "business_central_key"))


def test_users_outside_the_filter_are_hidden_and_counted(
    mapping: IntegrationTableMapping, systems: Systems, dataverse: MemorySystem
) -> None:  # C-0903
    user(dataverse, "Berta")
    user(dataverse, "anton")
    user(dataverse, "Gone", isdisabled=True)
    user(dataverse, "Robot", islicensed=False, isintegrationuser=True)

    known = roster.read(mapping, systems)
    hidden = roster.hidden_users(mapping, systems)

    assert [one.name for one in known.users] == ["anton", "Berta"]
    assert known.hidden == 2
    assert "Every user where" in known.rule
    assert [one.name for one in hidden] == ["Gone", "Robot"]
    assert all(one.why_hidden for one in hidden)


def test_chosen_codes_are_coupled_and_noted(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:
    lina = salesperson(business_central, "LT")
    one, two = user(dataverse, "Lina"), user(dataverse, "Otis")

    outcome = salespeople.couple(mapping, {one.id: " lt", two.id: ""}, systems)
    again = salespeople.couple(mapping, {one.id: "LT"}, systems)

    assert (outcome.done, outcome.unchanged, outcome.failures) == (1, 1, {})
    assert (again.done, again.unchanged) == (0, 1)
    assert Coupling.objects.get().business_central_id == lina.id
    assert AuditEntry.objects.filter(act=Act.COUPLED).count() == 1
    [shown] = [u for u in roster.read(mapping, systems).users if u.is_coupled]
    assert (shown.name, shown.code) == ("Lina", "LT")


def test_a_salesperson_is_coupled_with_one_user_only(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:  # C-0903
    salesperson(business_central, "LT")
    one, two, three = (user(dataverse, name) for name in ("Lina", "Otis", "Zoe"))
    salespeople.couple(mapping, {one.id: "LT"}, systems)

    outcome = salespeople.couple(mapping, {two.id: "LT", three.id: "LT"}, systems)

    assert outcome.done == 0
    assert set(outcome.failures) == {two.id, three.id}
    assert "already coupled to Lina. (E-COUPLED)" in outcome.failures[two.id]
    assert partners(mapping) == {one.id: "LT"}


def test_what_cannot_be_is_refused_and_the_rest_is_done(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:
    salesperson(business_central, "LT")
    one, two = user(dataverse, "Lina"), user(dataverse, "Otis")
    gone = user(dataverse, "Gone", isdisabled=True)

    outcome = salespeople.couple(
        mapping, {one.id: "LT", two.id: "NOBODY", gone.id: "LT", uuid4(): "LT"}, systems
    )

    assert outcome.done == 1
    assert "E-NOTFOUND" in outcome.failures[two.id]
    assert "E-OUTSIDE" in outcome.failures[gone.id]
    assert outcome.sentence("coupled") == "1 coupled, 0 unchanged, 3 failed."


def test_two_users_may_swap_their_salespeople(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:
    salesperson(business_central, "LT")
    salesperson(business_central, "OC")
    one, two = user(dataverse, "Lina"), user(dataverse, "Otis")
    salespeople.couple(mapping, {one.id: "OC", two.id: "LT"}, systems)

    outcome = salespeople.couple(mapping, {one.id: "LT", two.id: "OC"}, systems)

    assert (outcome.done, outcome.failures) == (2, {})
    assert partners(mapping) == {one.id: "LT", two.id: "OC"}


def test_a_swap_of_which_one_half_fails_changes_nothing(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:
    salesperson(business_central, "LT")
    salesperson(business_central, "OC")
    one, two = user(dataverse, "Lina"), user(dataverse, "Otis")
    salespeople.couple(mapping, {one.id: "OC", two.id: "LT"}, systems)

    outcome = salespeople.couple(mapping, {one.id: "LT", two.id: "XX"}, systems)

    assert outcome.done == 0
    assert set(outcome.failures) == {one.id, two.id}
    assert partners(mapping) == {one.id: "OC", two.id: "LT"}


def test_a_code_of_a_hidden_user_is_not_given_away(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:
    salesperson(business_central, "LT", "lt@cronus.example")
    left, new = user(dataverse, "Lina"), user(dataverse, "Zoe", "lt@cronus.example")
    salespeople.couple(mapping, {left.id: "LT"}, systems)
    dataverse.edit(left, isdisabled=True)

    known = roster.read(mapping, systems)
    outcome = salespeople.couple(mapping, {new.id: "LT"}, systems)
    freed = salespeople.uncouple(mapping, [left.id], systems)

    assert known.elsewhere == {"LT"}
    assert salespeople.suggestions(known) == {}
    assert "outside the filter" in outcome.failures[new.id]
    assert freed.done == 1
    assert salespeople.couple(mapping, {new.id: "LT"}, systems).done == 1


def test_a_pair_is_proposed_where_one_e_mail_leads_to_one_free_salesperson(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:  # C-0902
    for code, email in (("LT", "LT@cronus.example"), ("A1", "a@x"), ("A2", "a@x"), ("B", "b@x")):
        salesperson(business_central, code, email)
    lina = user(dataverse, "Lina", "lt@Cronus.example")
    user(dataverse, "Of two salespeople", "a@x")
    user(dataverse, "One of two users", "b@x")
    user(dataverse, "Other of two users", "b@x")
    user(dataverse, "Without e-mail")

    proposed = salespeople.suggestions(roster.read(mapping, systems))

    assert proposed == {lina.id: "LT"}
    assert not Coupling.objects.exists()


def test_uncoupling_counts_what_was_not_coupled(
    mapping: IntegrationTableMapping,
    systems: Systems,
    business_central: MemorySystem,
    dataverse: MemorySystem,
) -> None:
    salesperson(business_central, "LT")
    one, two = user(dataverse, "Lina"), user(dataverse, "Otis")
    salespeople.couple(mapping, {one.id: "LT"}, systems)

    outcome = salespeople.uncouple(mapping, [one.id, two.id], systems)

    assert (outcome.done, outcome.unchanged, outcome.failures) == (1, 1, {})
    assert partners(mapping) == {}
    assert AuditEntry.objects.filter(act=Act.UNCOUPLED).count() == 1
