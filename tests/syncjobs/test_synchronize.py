"""Runs of a mapping from end to end, between two systems in memory."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError, RecordError, TransientError
from connections.systems import Lookup, Update, Write
from mappings.models import Coupling, PendingCoupling
from mappings.terms import Direction
from syncjobs import leases
from syncjobs.leases import BusyError
from syncjobs.models import SynchError, SynchJob
from syncjobs.runs.phases import lease_name
from syncjobs.terms import Action, Mode
from tests.syncjobs.conftest import ME, OURS, World, counts

pytestmark = pytest.mark.django_db

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def no(message: str, cause: Cause = Cause.REFUSED) -> RecordError:
    return RecordError(message, cause=cause)


# Creating


def test_a_full_run_creates_the_missing_partner_both_ways(world: World) -> None:  # C-1017
    customer = world.customer("Adatum", city="Oslo", email="a@adatum.com")
    account = world.account("Fabrikam", telephone1="123")

    report = world.run(mode=Mode.FULL)

    to, back = report.jobs
    assert counts(to) == {"Inserted": 1}
    assert counts(back) == {"Inserted": 1}
    assert world.now(world.partner(customer))["address1_city"] == "Oslo"
    assert world.now(world.partner(account))["phoneNumber"] == "123"


def test_a_modified_run_leaves_strangers_alone_and_counts_them_nowhere(world: World) -> None:
    world.customer()
    world.account()

    report = world.run()  # E-3.20

    assert [counts(job) for job in report.jobs] == [{}, {}]
    assert (len(world.customers()), len(world.accounts())) == (1, 1)


def test_a_modified_run_may_be_told_to_create(world: World) -> None:
    world.customer()

    report = world.run(create=True)

    assert counts(report.jobs[0]) == {"Inserted": 1}


def test_a_second_run_plans_nothing(world: World) -> None:
    for number in range(5):
        world.customer(f"Customer {number}")
        world.account(f"Account {number}")
    world.run(mode=Mode.FULL)
    written = world.business_central.requests["write"], world.dataverse.requests["write"]

    modified, full = world.run(), world.run(mode=Mode.FULL)

    assert set(counts(modified)) <= {"Unchanged"}
    assert set(counts(full)) == {"Unchanged"}
    assert written == (world.business_central.requests["write"], world.dataverse.requests["write"])


def test_a_new_account_names_the_company_its_owner_and_its_type(world: World) -> None:
    customer = world.customer()  # E-1.85, E-3.66, E-3.67

    world.run(mode=Mode.FULL)

    values = world.now(world.partner(customer))
    assert values["bcbi_companyid"] == OURS
    assert values["customertypecode"] == 3
    assert isinstance(values["ownerid"], Lookup)


def test_an_account_that_made_a_customer_gets_the_company(world: World) -> None:  # E-3.66
    account = world.account(bcbi_companyid=None)

    world.run(mode=Mode.FULL)
    again = world.run()

    assert world.now(account)["bcbi_companyid"] == OURS
    assert "Modified" not in counts(again)


def test_a_record_that_is_there_already_is_coupled_before_it_is_made_twice(world: World) -> None:
    customer = world.customer(email="info@adatum.com", city="Oslo")
    account = world.account("Other name", emailaddress1="INFO@adatum.com")

    report = world.run(mode=Mode.FULL)

    assert counts(report.jobs[0]) == {"Modified": 1, "Coupled": 1}
    assert world.partner(customer).id == account.id
    assert world.now(account)["address1_city"] == "Oslo"


# Changes


def test_an_edit_on_each_side_moves_exactly_those_two(world: World) -> None:
    one, other = world.pair("Adatum"), world.pair("Fabrikam")
    world.pair("Contoso")
    world.run()
    world.edit(one[0], city="Oslo")
    world.edit(other[1], telephone1="123")

    report = world.run()

    assert report.jobs[0].count(Action.MODIFIED) == 1
    assert report.jobs[1].count(Action.MODIFIED) == 1
    assert world.now(one[1])["address1_city"] == "Oslo"
    assert world.now(other[0])["phoneNumber"] == "123"


def test_the_rows_of_a_run_are_two_even_when_nothing_was_selected(world: World) -> None:  # E-3.3
    report = world.run()

    assert [job.direction for job in report.jobs] == [TO, FROM]
    assert SynchJob.objects.exclude(finished_at=None).count() == 2


def test_a_direction_that_the_mapping_does_not_allow_is_said(world: World) -> None:  # E-3.4
    report = world.run("CURRENCY", directions=(FROM,))

    assert "not configured for from integration table" in report.jobs[0].message
    assert SynchJob.objects.get().finished_at is not None


def test_an_idle_run_costs_one_request_a_side(world: World) -> None:
    world.pair()
    world.run()
    world.clock.advance(timedelta(hours=1))
    world.run()
    before = world.business_central.requests.total(), world.dataverse.requests.total()

    world.clock.advance(timedelta(hours=1))
    report = world.run()

    after = world.business_central.requests.total(), world.dataverse.requests.total()
    assert report.idle
    assert after[0] - before[0] <= 2
    assert after[1] - before[1] <= 2


# The integration user


def test_an_edit_by_the_integration_user_does_not_arrive(world: World) -> None:  # E-3.8, E-3.9
    customer, account = world.pair()
    world.run()
    world.dataverse.edit(world.dataverse.now(account), by=ME, telephone1="123")

    report = world.run()

    assert "Modified" not in counts(report)
    assert world.now(customer)["phoneNumber"] == ""


def test_a_field_that_only_comes_back_lifts_the_exclusion(world: World) -> None:  # E-3.8
    customer, account = world.pair()
    world.set_field("phoneNumber", direction=FROM)
    world.run()
    world.dataverse.edit(world.dataverse.now(account), by=ME, telephone1="123")

    world.run()

    assert world.now(customer)["phoneNumber"] == "123"


def test_a_record_named_by_hand_is_not_excluded(world: World) -> None:  # E-3.8: a temp mapping
    customer, account = world.pair()
    world.run()
    world.dataverse.edit(world.dataverse.now(account), by=ME, telephone1="123")

    world.run(ids=(account.id,), directions=(FROM,))

    assert world.now(customer)["phoneNumber"] == "123"


def test_a_user_who_edits_during_our_write_is_not_lost(world: World) -> None:
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.dataverse.after_write.append(
        lambda: world.edit(world.dataverse.now(account), telephone1="123")
    )

    world.run()
    world.run()

    assert world.now(customer)["phoneNumber"] == "123"
    assert world.now(account)["address1_city"] == "Oslo"


def test_a_user_who_edits_between_our_reading_and_writing_is_not_overwritten(world: World) -> None:
    world.set(update_conflict_resolution="Merge")
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.dataverse.before_write.append(
        lambda: world.edit(world.dataverse.now(account), telephone1="123")
    )

    report = world.run()

    assert [job.count(Action.MODIFIED) for job in report.jobs] == [1, 1]
    assert world.now(account)["address1_city"] == "Oslo"
    assert world.now(customer)["phoneNumber"] == "123"


def test_a_record_that_keeps_moving_is_parked_for_later(world: World) -> None:
    world.set(update_conflict_resolution="Send")
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    edits = iter(range(3))

    def restless(_: str, write: Write) -> RecordError | None:
        if isinstance(write, Update) and next(edits, None) is not None:
            world.edit(world.dataverse.now(account), telephone1=str(world.clock.now.second))
        return None

    world.dataverse.refusals.append(restless)
    first = world.run(directions=(TO,))
    second = world.run(directions=(TO,))

    assert counts(first) == {"Failed": 1}
    assert first.jobs[0].errors[0].cause == Cause.CHANGED_MEANWHILE
    assert counts(second) == {"Modified": 1}


# Failures


def test_a_refused_record_fails_alone_and_is_tried_again(world: World) -> None:  # E-3.10, E-3.22
    bad, good = world.pair("Bad"), world.pair("Good")
    world.run()
    world.edit(bad[0], city="Nowhere")
    world.edit(good[0], city="Oslo")
    world.dataverse.refusals.append(
        lambda _, w: no("Not there.") if w.values.get("address1_city") == "Nowhere" else None  # type: ignore[union-attr]
    )

    first = world.run(directions=(TO,))
    world.dataverse.refusals.clear()
    world.clock.advance(timedelta(hours=1))
    second = world.run(directions=(TO,))

    assert counts(first) == {"Modified": 1, "Failed": 1}
    assert first.jobs[0].errors[0].bc_id == bad[0].id
    assert first.jobs[0].errors[0].dataverse_id == bad[1].id
    assert counts(second) == {"Modified": 1}
    assert world.now(bad[1])["address1_city"] == "Nowhere"


def test_the_same_error_twice_on_the_same_version_skips(world: World) -> None:  # E-3.80
    customer, _ = world.pair()
    world.run()
    world.edit(customer, city="Nowhere")
    world.dataverse.refusals.append(lambda _, __: no("Not there."))

    first, second, third = (world.run(directions=(TO,)) for _ in range(3))

    assert (counts(first), counts(second)) == ({"Failed": 1}, {"Skipped": 1})
    assert counts(third) in ({}, {"Skipped": 1})
    assert SynchError.objects.count() == 2
    assert Coupling.objects.get().skipped


def test_another_version_gets_another_chance(world: World) -> None:
    customer, _ = world.pair()
    world.run()
    world.edit(customer, city="Nowhere")
    world.dataverse.refusals.append(lambda _, __: no("Not there."))
    world.run(directions=(TO,))
    world.edit(customer, city="Elsewhere")

    second = world.run(directions=(TO,))

    assert counts(second) == {"Failed": 1}


def test_what_passes_by_itself_never_skips(world: World) -> None:
    customer, _ = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.dataverse.refusals.append(lambda _, __: no("Busy.", Cause.UNAVAILABLE))

    reports = [world.run(directions=(TO,)) for _ in range(3)]

    assert [counts(report) for report in reports] == [{"Failed": 1}] * 3


def test_a_stranger_that_failed_is_tried_again_though_nothing_changed(world: World) -> None:
    customer = world.customer(currencyCode="USD")  # repairs E-3.15
    first = world.run(mode=Mode.FULL)
    parked = PendingCoupling.objects.get()
    world.clock.advance(timedelta(hours=1))
    world.edit(customer, currencyCode="")
    PendingCoupling.objects.update(record_version="0")
    world.run()

    assert counts(first.jobs[0]) == {"Failed": 1}
    assert (parked.record_id, parked.cause) == (customer.id, Cause.NOT_COUPLED)
    assert not PendingCoupling.objects.exists()
    assert world.partner(customer) is not None


def test_a_stranger_of_sales_that_failed_is_tried_again_too(world: World) -> None:
    world.account()
    world.business_central.refusals.append(lambda _, __: no("Not today."))
    first = world.run(mode=Mode.FULL)
    world.business_central.refusals.clear()
    world.clock.advance(timedelta(hours=1))

    second = world.run()

    assert counts(first.jobs[1]) == {"Failed": 1}
    assert counts(second.jobs[1]) == {"Inserted": 1}


def test_a_parked_record_that_left_the_filter_is_superseded(world: World) -> None:
    customer = world.customer(currencyCode="USD")
    world.run(mode=Mode.FULL)
    world.edit(customer, blocked="All")

    report = world.run()

    assert counts(report) == {}
    assert not PendingCoupling.objects.exists()


def test_a_missing_dependency_waits_and_never_skips(world: World) -> None:
    world.customer(currencyCode="USD")

    reports = [world.run(mode=Mode.FULL, directions=(TO,)) for _ in range(3)]

    assert [counts(report) for report in reports] == [{"Failed": 1}] * 3


def test_a_lost_answer_is_looked_up_before_anything_is_repeated(world: World) -> None:
    customer = world.customer()
    world.dataverse.lost_answers = 1
    first = world.run(mode=Mode.FULL, directions=(TO,))

    second = world.run(directions=(TO,))

    assert counts(first) == {"Failed": 1}
    assert counts(second) == {"Inserted": 1}
    assert len(world.accounts()) == 1
    assert world.partner(customer).id == world.accounts()[0].id
    assert not PendingCoupling.objects.exists()


def test_a_lost_answer_to_a_change_is_looked_up_too(world: World) -> None:
    customer, account = world.pair()
    world.run()
    world.edit(customer, city="Oslo")
    world.dataverse.lost_answers = 1
    world.run(directions=(TO,))
    world.edit(customer, city="Bergen")

    world.run(directions=(TO,))
    last = world.run(directions=(TO,))

    assert world.now(account)["address1_city"] == "Bergen"
    assert "Modified" not in counts(last)


def test_a_row_of_ours_that_was_uncoupled_is_coupled_again(world: World) -> None:
    customer, account = world.pair()
    Coupling.objects.all().delete()

    report = world.run(mode=Mode.FULL, directions=(TO,))

    assert counts(report)["Coupled"] == 1
    assert [row.id for row in world.accounts()] == [account.id]
    assert world.partner(customer).id == account.id


def test_a_row_of_ours_that_somebody_else_took_is_left_to_them(world: World) -> None:
    customer, account = world.pair()
    other = world.customer("Other")
    Coupling.objects.update(business_central_id=other.id)

    world.run(mode=Mode.FULL, directions=(TO,))

    assert world.partner(other).id == account.id
    assert world.partner(customer).id != account.id


# Single records


def test_a_named_record_is_taken_by_the_id_of_either_side(world: World) -> None:
    customer, account = world.pair()
    world.edit(customer, city="Oslo")

    report = world.run(ids=(account.id,), directions=(TO,))

    assert counts(report) == {"Modified": 1}


def test_a_named_stranger_is_skipped_where_only_coupled_records_go(world: World) -> None:  # E-3.25
    customer = world.customer()

    report = world.run(ids=(customer.id,))

    assert counts(report.jobs[0]) == {"Skipped": 1}


def test_a_named_record_outside_the_filter_is_said(world: World) -> None:  # E-1.37
    customer = world.customer(blocked="All")

    report = world.run(ids=(customer.id,), create=True)

    assert counts(report) == {}
    assert "outside the filter" in report.jobs[0].message


def test_named_records_do_not_move_the_watermark(world: World) -> None:
    customer, _ = world.pair()

    world.run(ids=(customer.id,))

    assert world.mapping().sent_up_to is None


def test_a_named_record_sent_one_way_overwrites(world: World) -> None:  # E-3.16
    customer, account = world.pair()
    world.edit(customer, city="Oslo")
    world.edit(account, address1_city="Bergen")

    world.run(ids=(customer.id,), directions=(TO,))

    assert world.now(account)["address1_city"] == "Oslo"


def test_a_named_record_without_a_direction_goes_where_it_changed(world: World) -> None:  # E-3.86
    customer, account = world.pair()
    world.run()
    world.edit(account, address1_city="Bergen")

    world.run(ids=(customer.id,))

    assert world.now(customer)["city"] == "Bergen"


def test_a_run_of_named_records_leaves_failed_ones_alone(world: World) -> None:  # E-3.11
    bad, good = world.pair("Bad"), world.pair("Good")
    world.run()
    world.edit(bad[0], city="Oslo")
    world.dataverse.refusals.append(lambda _, __: no("Not today."))
    world.run(directions=(TO,))
    world.dataverse.refusals.clear()

    world.run(ids=(good[0].id,), directions=(TO,))

    assert world.now(bad[1])["address1_city"] is None


# Modes


def test_an_unconditional_run_writes_unchanged_records_too(world: World) -> None:  # E-1.50
    world.pair()
    world.run()

    report = world.run(mode=Mode.UNCONDITIONAL, directions=(TO,))

    assert counts(report) == {"Modified": 1}


def test_an_unconditional_run_both_ways_is_refused(world: World) -> None:
    with pytest.raises(ConfigurationError, match="needs a direction"):
        world.run(mode=Mode.UNCONDITIONAL)


def test_an_unknown_mapping_is_refused_with_near_names(world: World) -> None:
    with pytest.raises(ConfigurationError, match="Did you mean CUSTOMER"):
        world.run("CUSTOMRE")


def test_a_dry_run_counts_and_writes_nothing(world: World) -> None:
    world.customer()
    world.account("Fabrikam")
    world.customer("Bad", currencyCode="USD")

    report = world.run(mode=Mode.FULL, dry_run=True)

    assert counts(report.jobs[0]) == {"Inserted": 1, "Failed": 1}
    assert counts(report.jobs[1]) == {"Inserted": 1}
    assert report.jobs[0].errors[0].cause == Cause.NOT_COUPLED
    assert (len(world.customers()), len(world.accounts())) == (2, 1)
    assert not SynchJob.objects.exists()
    assert not PendingCoupling.objects.exists()


def test_two_runs_of_a_mapping_do_not_meet(world: World) -> None:
    with leases.hold(lease_name(world.mapping()), "another"), pytest.raises(BusyError):
        world.run()

    assert not SynchJob.objects.exists()


def test_a_run_that_cannot_go_on_says_why_on_its_job(world: World) -> None:
    world.customer()

    def down() -> None:
        message = "Dataverse is away."
        raise TransientError(message, cause=Cause.UNAVAILABLE)

    world.dataverse.before_write.append(down)

    with pytest.raises(TransientError):
        world.run(mode=Mode.FULL)

    job = SynchJob.objects.get()
    assert job.message == "Dataverse is away."
    assert job.finished_at is not None
    assert world.mapping().sent_up_to is None


def test_the_report_has_the_shape_of_the_command_line(world: World) -> None:
    world.customer(currencyCode="USD")

    content = world.run(mode=Mode.FULL).as_json()

    assert list(content) == ["mapping", "jobs", "requests", "seconds"]
    assert [job["direction"] for job in content["jobs"]] == ["to", "from"]
    assert content["jobs"][0]["failed"] == 1
    assert set(content["jobs"][0]["errors"][0]) == {"bc_id", "dataverse_id", "cause", "message"}
    assert content["requests"] > 0


def test_an_unknown_id_changes_nothing(world: World) -> None:
    report = world.run(ids=(uuid4(),))

    assert counts(report) == {}
