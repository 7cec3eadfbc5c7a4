"""The default mappings and jobs, held to the facts they were written from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mappings import defaults
from mappings.defaults import DefaultField, DefaultJob, DefaultMapping, DefaultsError
from mappings.setup_choices import CHOICE_OF, SetupChoices
from mappings.terms import CouplingKind, Direction

FACTS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "default_mappings.json").read_text(encoding="utf-8")
)
DIRECTIONS = {
    "bidirectional": Direction.BIDIRECTIONAL,
    "toDataverse": Direction.TO_INTEGRATION_TABLE,
    "fromDataverse": Direction.FROM_INTEGRATION_TABLE,
}
DELETIONS = {"none": "", "restoreRecords": "Restore", "removeCoupling": "Remove"}
# Our own choice: the first synchronization couples what is there already before it creates.
MATCHED_BY_US = {(name, "email") for name in ("SALESPEOPLE", "CUSTOMER", "VENDOR", "CONTACT")}
CONDITIONS = {
    "salesReceivablesSetup.defaultPriceListCode <> empty": ("defaultPriceList",),
    "salesReceivablesSetup.defaultPriceListCode = empty": ("noDefaultPriceList",),
}
# The rules of engine.md that say what a mapping and its fields are; owners are E-1.86 everywhere.
RULES = {
    "SALESPEOPLE": "E-1.59 E-1.87",
    "CUSTOMER": "E-1.60 E-1.88 E-1.86",
    "VENDOR": "E-1.61 E-1.89 E-1.86",
    "CONTACT": "E-1.62 E-1.90 E-1.86",
    "CURRENCY": "E-1.63 E-1.91",
    "PAYMENT TERMS": "E-1.64",
    "SHIPMENT METHOD": "E-1.65",
    "SHIPPING AGENT": "E-1.66",
    "UNIT OF MEASURE": "E-1.67 E-1.92",
    "UNIT GROUP": "E-1.68 E-1.92",
    "ITEM UOM": "E-1.69 E-1.92",
    "RESOURCE UOM": "E-1.70 E-1.92",
    "ITEM-PRODUCT": "E-1.71 E-1.93",
    "RESOURCE-PRODUCT": "E-1.72 E-1.94",
    "CUSTPRCGRP-PRICE": "E-1.73 E-1.95",
    "SALESPRC-PRODPRICE": "E-1.74 E-1.95",
    "PLHEADER-PRICE": "E-1.75 E-1.96",
    "PLLINE-PRODPRICE": "E-1.76 E-1.96",
    "POSTEDSALESINV-INV": "E-1.77 E-1.97",
    "POSTEDSALESLINE-INV": "E-1.78 E-1.98",
    "OPPORTUNITY": "E-1.79 E-1.99",
    "SALESORDER-ORDER": "E-1.80 E-1.100 E-1.81 E-1.101",
    "SOLINE-ORDERDETAIL": "E-1.82 E-1.102",
}
BY_KEY = {(mapping.name, mapping.when): mapping for mapping in defaults.mappings()}


def names(*conditions: dict[str, Any] | None) -> tuple[str, ...]:
    """Return the choices that a fact demands, by the names that `when` uses."""
    found: list[str] = []
    for condition in conditions:
        for choice, wanted in (condition or {}).items():
            found += (
                [choice] if wanted is True else wanted if isinstance(wanted, list) else [wanted]
            )
    return tuple(found)


def found_for(fact: dict[str, Any]) -> DefaultMapping:
    return BY_KEY[fact["name"], names(fact["variant"], fact.get("condition"))]


@pytest.fixture(params=FACTS["mappings"], ids=lambda fact: f"{fact['key']} {RULES[fact['name']]}")
def fact(request: pytest.FixtureRequest) -> dict[str, Any]:
    result: dict[str, Any] = request.param
    return result


def test_there_is_a_file_for_each_mapping_and_no_other() -> None:
    assert len(defaults.mappings()) == len(FACTS["mappings"]) == 24


def test_a_mapping_is_what_the_facts_say(fact: dict[str, Any]) -> None:
    mapping = found_for(fact)

    assert (mapping.table, mapping.integration_table) == (
        fact["bc"]["entitySet"],
        fact["dataverse"]["table"],
    )
    assert mapping.uid_field == fact["dataverse"]["uidAttribute"]
    assert mapping.modified_on_field == (fact["dataverse"]["modifiedOnAttribute"] or "")
    assert mapping.family == fact["family"]
    assert mapping.priority == fact["priority"]
    assert mapping.direction == DIRECTIONS[fact["direction"]]
    assert (mapping.kind == CouplingKind.OPTION) == (fact["coupling"]["kind"] == "option")
    assert mapping.synch_only_coupled_records == fact["synchOnlyCoupledRecords"]
    assert mapping.deletion_conflict_resolution == DELETIONS[fact["deletionConflictResolution"]]
    assert fact["updateConflictResolution"] == "none"
    assert mapping.synch_after_bulk_coupling == fact["synchAfterBulkCoupling"]
    assert mapping.create_new_in_case_of_no_match == fact["createNewInCaseOfNoMatch"]
    assert mapping.background_uncouple == fact["uncouple"]["background"]
    assert mapping.resets_company_id == fact["uncouple"]["resetsCompanyId"]
    assert dict(mapping.insert_defaults) == (fact.get("templates") or {}).get(
        "dataverseDefaults", {}
    )


def test_filters_are_what_the_facts_say(fact: dict[str, Any]) -> None:
    mapping = found_for(fact)

    assert [(row.row, row.when) for row in mapping.table_filter] == [
        stored(row, row["field"]) for row in fact["bcFilter"]
    ]
    assert [(row.row, row.when) for row in mapping.integration_table_filter] == [
        stored(row, row["attribute"]) for row in fact["dataverseFilter"]
    ]


def stored(row: dict[str, Any], column: str) -> tuple[list[Any], tuple[str, ...]]:
    given = row.get("value", [])
    values = given if isinstance(given, list) else [given]
    stored_values = ["" if value is None else value for value in values]
    return [column, row["op"], *stored_values], CONDITIONS.get(row.get("condition", ""), ())


def test_dependencies_are_what_the_facts_say(fact: dict[str, Any]) -> None:
    mapping = found_for(fact)
    own = chosen(mapping.when)

    assert dependencies(mapping, own) == fact["dependsOn"]
    for variant in fact.get("dependsOnByVariant") or []:
        other = chosen(tuple(value for key, value in variant.items() if key != "dependsOn"))
        assert dependencies(mapping, other) == variant["dependsOn"]


def chosen(when: tuple[str, ...]) -> SetupChoices:
    return SetupChoices(**{CHOICE_OF[name]: name for name in when})  # type: ignore[arg-type]


def dependencies(mapping: DefaultMapping, choices: SetupChoices) -> list[str]:
    there = {row.name for row in defaults.mappings() if choices.hold(row.when)}
    return [name for name in mapping.depends_on if name in there]


def test_fields_are_what_the_facts_say_in_the_same_order(fact: dict[str, Any]) -> None:
    mapping = found_for(fact)

    assert [spoken(mapping, row) for row in mapping.fields] == [
        expected(mapping, row) for row in fact["fields"]
    ]


def spoken(mapping: DefaultMapping, row: DefaultField) -> dict[str, Any]:
    match = None if (mapping.name, row.field) in MATCHED_BY_US else row.match
    return {
        "fields": (row.field, row.direction, row.integration_field),
        "constant": row.constant,
        "not_null": row.not_null,
        "clear_on_failure": row.clear_on_failure,
        "match": match,
        "validate": row.validate,
        "enabled": row.enabled,
        "when": row.when,
    }


def expected(mapping: DefaultMapping, row: dict[str, Any]) -> dict[str, Any]:
    constant = (row["constant"] or {}).get("value", "")
    assert not row["validateDataverseField"]
    assert row["transformationRule"] is None
    assert not row["caseSensitiveMatching"]
    return {
        "fields": (row["bcField"] or "", DIRECTIONS[row["direction"]], row["attribute"] or ""),
        "constant": str(constant).lower() if constant is True else str(constant),
        "not_null": row["notNull"],
        "clear_on_failure": row["clearValueOnFailedSync"],
        "match": row["matchPriority"] if row["useForMatchBasedCoupling"] else None,
        "validate": row["validateBcField"],
        "enabled": row["enabled"],
        "when": names(row.get("variant")),
    }


def test_what_we_match_by_is_there() -> None:
    matched = {
        (mapping.name, row.field)
        for mapping in defaults.mappings()
        for row in mapping.fields
        if row.match is not None
    }

    assert matched >= MATCHED_BY_US | {("CURRENCY", "code")}


def test_every_lookup_of_the_first_eight_mappings_names_its_mapping() -> None:
    lookups = {"ownerid", "transactioncurrencyid", "primarycontactid", "paymenttermscode"}

    named = {
        row.integration_field: row.refers_to
        for mapping in defaults.mappings()
        for row in mapping.fields
        if mapping.family == "dataverse" and mapping.kind == CouplingKind.RECORD
        if row.field and row.integration_field in lookups
    }

    assert named == {
        "ownerid": "SALESPEOPLE",
        "transactioncurrencyid": "CURRENCY",
        "primarycontactid": "CONTACT",
        "paymenttermscode": "PAYMENT TERMS",
    }


# Jobs


def test_jobs_are_what_the_facts_say() -> None:  # E-1.58, E-1.83, E-1.84
    facts = {row["key"]: row["name"] for row in FACTS["mappings"]}

    assert [job_as_fact(job) for job in defaults.jobs()] == [
        (
            facts.get(row["mapping"], row["key"]),
            row["name"],
            row["order"],
            row["frequencyMinutes"],
            row["inactivityTimeoutMinutes"] or 0,
            row["maxAttempts"],
            row["rerunDelaySeconds"],
            row["category"] or "",
            row["initialStatus"] != "ready",
            names(row["variant"], row["condition"]),
        )
        for row in FACTS["jobs"]
    ]


def job_as_fact(job: DefaultJob) -> tuple[Any, ...]:
    return (
        job.key,
        job.name,
        job.order,
        job.frequency_minutes,
        job.inactivity_minutes,
        job.max_attempts,
        job.rerun_delay_seconds,
        job.category,
        job.on_hold,
        job.when,
    )


def test_jobs_on_demand_are_what_the_facts_say() -> None:
    fact = FACTS["onDemandJobs"]
    job = defaults.on_demand_job()

    assert (job.max_attempts, job.rerun_delay_seconds, job.start_delay_seconds, job.category) == (
        fact["maxAttempts"],
        fact["rerunDelaySeconds"],
        fact["startDelaySeconds"],
        fact["category"],
    )


def test_the_choices_of_a_new_connection_are_those_of_the_facts() -> None:
    choices = SetupChoices()

    for setting in FACTS["settings"]:
        known = CHOICE_OF.get(str(setting["default"])) or CHOICE_OF[setting["name"]]
        assert getattr(choices, known) == setting["default"]


# A wrong file


def mapping_file(tmp_path: Path, rows: Iterable[str], extra: str = "") -> Path:
    path = tmp_path / "wrong.toml"
    path.write_text(
        'name = "CUSTOMER"\nfamily = "dataverse"\npriority = 1\ntable = "customers"\n'
        'integration_table = "account"\nuid_field = "accountid"\ndirection = "Bidirectional"\n'
        f"{extra}\nfields = [{', '.join(rows)}]\n",
        encoding="utf-8",
    )
    return path


NAME = '["displayName", "<->", "name"]'


def test_a_right_file_loads(tmp_path: Path) -> None:
    assert defaults.load(mapping_file(tmp_path, [NAME])).fields[0].integration_field == "name"


@pytest.mark.parametrize(
    ("rows", "extra", "message"),
    [
        (['["displayName", "<=>", "name"]'], "", "field 1: '<=>' is no arrow"),
        ([NAME, NAME], "", "field 1: the same pair"),
        (['["displayName", "<->"]'], "", "field 1"),
        (['["displayName", "<->", "name", { maybe = true }]'], "", "maybe"),
        (['[{ constant = 1 }, "<->", "name"]'], "", "a constant goes one way"),
        (['["", "-->", ""]'], "", "a constant needs a field"),
        (['["a", "-->", "b", { not_null = true, clear_on_failure = true }]'], "", "exclude"),
        (['["a", "-->", "b", { when = "monday" }]'], "", "no choice monday"),
        ([NAME], 'kind = "Option"', "option mappings go one way"),
        ([NAME], "guard = 3", "guard is not known"),
        ([NAME], 'table_filter = [["blocked"]]', "no row of a filter"),
        ([NAME], 'deletion_conflict_resolution = "Explode"', "Explode"),
        ([NAME], "kind = [", "wrong.toml"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_file_and_row(
    tmp_path: Path, rows: list[str], extra: str, message: str
) -> None:
    with pytest.raises(DefaultsError, match=r"^wrong\.toml") as failure:
        defaults.load(mapping_file(tmp_path, rows, extra))

    assert message in str(failure.value)
