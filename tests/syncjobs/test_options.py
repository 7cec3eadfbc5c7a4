"""Option mappings: records of Business Central and values of an option set (E-3.70 to E-3.76)."""

from __future__ import annotations

from typing import Any

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError, TransientError
from connections.systems import Record
from mappings.models import OptionCoupling, PendingCoupling
from mappings.terms import Direction, SynchResult
from syncjobs.runs.report import Report
from syncjobs.terms import Mode
from tests.syncjobs.conftest import World, counts

pytestmark = pytest.mark.django_db

NAME = "PAYMENT TERMS"
ACCOUNT = ("account", "paymenttermscode")
FROM = Direction.FROM_INTEGRATION_TABLE


def terms(world: World, code: str) -> Record:
    return world.business_central.add("paymentTerms", code=code)


def labels(world: World, table: str = "account", column: str = "paymenttermscode") -> set[str]:
    return set(world.dataverse.options(table, column).values())


def run(world: World, **given: Any) -> Report:
    return world.run(NAME, **given)


@pytest.fixture
def receiving(world: World) -> World:
    """The mapping turned round: labels become codes."""
    world.set(NAME, direction=FROM)
    world.dataverse.option_sets[ACCOUNT] = {}
    return world


def test_a_code_becomes_an_option(world: World) -> None:  # E-3.72
    record = terms(world, "14 DAYS")

    report = run(world, mode=Mode.FULL)

    assert counts(report) == {"Inserted": 1}
    assert "14 DAYS" in labels(world)
    row = OptionCoupling.objects.get()
    assert (row.business_central_id, row.business_central_key) == (record.id, "14 DAYS")
    assert row.last_synch_crm_result == SynchResult.SUCCESS


def test_the_documents_get_the_same_option_and_everything_is_published(world: World) -> None:
    terms(world, "14 DAYS")

    run(world, mode=Mode.FULL)

    value = OptionCoupling.objects.get().option_value
    for table in ("salesorder", "quote", "invoice"):
        assert world.dataverse.options(table, "paymenttermscode")[value] == "14 DAYS"
    assert set(world.dataverse.published) >= {"account", "salesorder", "quote", "invoice"}


def test_an_invoice_has_no_freight_terms(world: World) -> None:
    world.business_central.add("shipmentMethods", code="EXW")

    world.run("SHIPMENT METHOD", mode=Mode.FULL)

    assert "EXW" in labels(world, "salesorder", "freighttermscode")
    assert "invoice" not in world.dataverse.published


def test_a_second_run_writes_and_publishes_nothing(world: World) -> None:
    terms(world, "14 DAYS")
    run(world, mode=Mode.FULL)
    written = world.dataverse.requests["insert_option"], world.dataverse.requests["publish"]

    modified, full = run(world), run(world, mode=Mode.FULL)

    assert counts(full) == {"Unchanged": 1}
    assert set(counts(modified)) <= {"Unchanged"}
    assert written == (
        world.dataverse.requests["insert_option"],
        world.dataverse.requests["publish"],
    )


def test_a_label_that_is_there_already_is_mapped_not_made_twice(world: World) -> None:  # E-4.37
    terms(world, "NET30")

    report = run(world, mode=Mode.FULL)

    assert counts(report) == {"Unchanged": 1, "Coupled": 1}
    assert OptionCoupling.objects.get().option_value == 1
    assert len(world.dataverse.options(*ACCOUNT)) == 4


def test_a_modified_run_leaves_unmapped_codes_alone(world: World) -> None:  # E-3.71
    terms(world, "14 DAYS")

    assert counts(run(world)) == {}
    assert not OptionCoupling.objects.exists()


def test_a_renamed_code_renames_the_option(world: World) -> None:
    record = terms(world, "14 DAYS")
    run(world, mode=Mode.FULL)
    world.edit(record, code="2 WEEKS")

    report = run(world)

    assert counts(report) == {"Modified": 1}
    assert "2 WEEKS" in labels(world)
    assert "14 DAYS" not in labels(world)
    assert "2 WEEKS" in labels(world, "quote")


def test_a_refused_code_is_tried_again_though_nothing_changed(world: World) -> None:  # E-3.70
    record = terms(world, "14 DAYS")
    world.dataverse.refused_labels.add("14 DAYS")
    first = run(world, mode=Mode.FULL)
    parked = PendingCoupling.objects.get()
    world.dataverse.refused_labels.clear()
    second = run(world)

    assert counts(first) == {"Failed": 1}
    assert parked.record_id == record.id
    assert counts(second) == {"Inserted": 1}
    assert not PendingCoupling.objects.exists()


def test_a_mapped_code_that_failed_is_tried_again_and_skipped_the_second_time(
    world: World,
) -> None:  # E-3.80
    record = terms(world, "14 DAYS")
    run(world, mode=Mode.FULL)
    world.edit(record, code="BAD")
    world.dataverse.refused_labels.add("BAD")

    first, second, third = run(world), run(world), run(world, mode=Mode.FULL)

    assert (counts(first), counts(second)) == ({"Failed": 1}, {"Skipped": 1})
    assert counts(third) == {"Skipped": 1}
    assert OptionCoupling.objects.get().skipped


def test_a_deleted_option_fails_its_code(world: World) -> None:  # E-3.74
    record = terms(world, "14 DAYS")
    run(world, mode=Mode.FULL)
    del world.dataverse.option_sets[ACCOUNT][OptionCoupling.objects.get().option_value]
    world.edit(record)

    report = run(world)

    assert counts(report) == {"Failed": 1}
    assert report.jobs[0].errors[0].cause == Cause.DELETED


@pytest.mark.parametrize(("resolution", "mapped"), [("Restore", 1), ("Remove", 0)])
def test_a_deleted_option_is_restored_or_forgotten(
    world: World, resolution: str, mapped: int
) -> None:  # E-3.74
    world.set(NAME, deletion_conflict_resolution=resolution)
    record = terms(world, "14 DAYS")
    run(world, mode=Mode.FULL)
    del world.dataverse.option_sets[ACCOUNT][OptionCoupling.objects.get().option_value]
    world.edit(record)

    run(world)

    assert OptionCoupling.objects.count() == mapped
    assert ("14 DAYS" in labels(world)) == bool(mapped)


def test_a_label_becomes_a_code(receiving: World) -> None:  # E-3.73
    receiving.dataverse.option_sets[ACCOUNT] = {7: "2 weeks net"}

    report = run(receiving, mode=Mode.FULL)

    assert counts(report) == {"Inserted": 1}
    [record] = receiving.business_central.all("paymentTerms")
    assert record.values["code"] == "2 WEEKS NE"  # as long as a code may be
    assert OptionCoupling.objects.get().business_central_id == record.id
    assert counts(run(receiving, mode=Mode.FULL)) == {"Unchanged": 1}


def test_a_renamed_label_renames_the_code(receiving: World) -> None:  # E-3.73
    receiving.dataverse.option_sets[ACCOUNT] = {7: "14 DAYS"}
    run(receiving, mode=Mode.FULL)
    receiving.dataverse.option_sets[ACCOUNT] = {7: "2 weeks"}

    report = run(receiving)

    assert counts(report) == {"Modified": 1}
    assert receiving.business_central.all("paymentTerms")[0].values["code"] == "2 WEEKS"


def test_a_deleted_code_is_restored_from_its_label(receiving: World) -> None:  # E-3.74
    receiving.set(NAME, deletion_conflict_resolution="Restore")
    receiving.dataverse.option_sets[ACCOUNT] = {7: "14 DAYS"}
    run(receiving, mode=Mode.FULL)
    receiving.drop(receiving.business_central.all("paymentTerms")[0])

    report = run(receiving)

    assert counts(report) == {"Inserted": 1}
    [record] = receiving.business_central.all("paymentTerms")
    assert OptionCoupling.objects.get().business_central_id == record.id


def test_a_code_that_bears_the_label_is_mapped(receiving: World) -> None:
    record = terms(receiving, "14 DAYS")
    receiving.dataverse.option_sets[ACCOUNT] = {7: "14 days"}

    report = run(receiving, mode=Mode.FULL)

    assert counts(report) == {"Unchanged": 1, "Coupled": 1}
    assert OptionCoupling.objects.get().business_central_id == record.id


def test_an_option_mapping_runs_one_way_only(world: World) -> None:  # E-3.75
    world.set(NAME, direction=Direction.BIDIRECTIONAL)

    with pytest.raises(ConfigurationError, match="choose one direction"):
        run(world)


def test_an_option_mapping_says_what_it_is_not_configured_for(world: World) -> None:
    report = run(world, directions=(FROM,))

    assert "not configured for" in report.jobs[0].message


def test_a_full_run_brings_the_documents_up_to_date(world: World) -> None:  # E-3.76
    terms(world, "NET30")
    run(world, mode=Mode.FULL)
    world.dataverse.option_sets["quote", "paymenttermscode"] = {}

    run(world, mode=Mode.FULL)

    assert world.dataverse.options("quote", "paymenttermscode")[1].upper() == "NET30"


def test_customers_use_the_mapped_options_both_ways(world: World) -> None:  # E-3.60
    terms(world, "14 DAYS")
    run(world, mode=Mode.FULL)
    value = OptionCoupling.objects.get().option_value
    customer = world.customer(paymentTermsCode="14 DAYS")
    account = world.account("Other", paymenttermscode=value)

    world.run(mode=Mode.FULL)

    assert world.now(world.partner(customer))["paymenttermscode"] == value
    assert world.now(world.partner(account))["paymentTermsCode"] == "14 DAYS"


def test_a_dry_run_of_options_writes_nothing(world: World) -> None:
    terms(world, "14 DAYS")

    report = run(world, mode=Mode.FULL, dry_run=True)

    assert counts(report) == {"Inserted": 1}
    assert "14 DAYS" not in labels(world)
    assert not OptionCoupling.objects.exists()


def test_an_option_that_was_made_but_never_seen_is_not_made_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms(world, "14 DAYS")

    def broken(_tables: object) -> None:
        message = "The connection broke."
        raise TransientError(message, cause=Cause.UNAVAILABLE)

    with monkeypatch.context() as patched:
        patched.setattr(world.dataverse, "publish", broken)
        with pytest.raises(TransientError):
            run(world, mode=Mode.FULL)

    report = run(world, mode=Mode.FULL)

    assert counts(report) == {"Unchanged": 1, "Coupled": 1}
    assert list(world.dataverse.options(*ACCOUNT).values()).count("14 DAYS") == 1
