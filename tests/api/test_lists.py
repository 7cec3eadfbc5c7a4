"""Lists for programs: the same parameters as on the pages, any order with a cursor, exports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from audit.models import AuditEntry
from audit.terms import Act
from connections.causes import Cause
from integration_admin.api.scope import Paging, page_of
from integration_admin.roles import Role
from mappings.models import Coupling, PendingCoupling
from syncjobs.models import Run
from syncjobs.terms import RunStatus
from tests.api.conftest import Program, program_of
from tests.pages.factory import Past, make_company, make_user


@pytest.fixture
def past(db: None) -> Past:
    return Past(make_company(), timezone.now())


@pytest.fixture
def program(db: None) -> Program:
    return program_of(make_user(Role.ADMINISTRATOR))


def through(program: Program, path: str) -> list[dict[str, Any]]:
    """Return all rows of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = program.get(f"{path}&limit=7{cursor}")
        assert answer.status == 200, answer.json
        found += answer.json["items"]
        if answer.json["next"] is None:
            return found
        cursor = f"&cursor={answer.json['next']}"


def test_lists_say_what_they_can_be_asked_for(past: Past, program: Program) -> None:
    past.mappings()

    lists = {one["name"]: one for one in program.get("/lists").json["items"]}

    couplings = lists["couplings"]
    assert {"couplings", "runs", "synch_jobs", "audit_log", "users", "mappings"} <= set(lists)
    assert [view["value"] for view in couplings["views"]] == ["all", "failed", "skipped", "owed"]
    assert couplings["filters"][0]["key"] == "mapping"
    assert {"value": "CUSTOMER", "caption": "CUSTOMER"} in couplings["filters"][0]["choices"]
    assert {"record": "business_central_key"}.items() <= {
        column["name"]: column["sort"] for column in couplings["columns"]
    }.items()


def test_a_viewer_is_told_of_the_lists_of_a_viewer(past: Past) -> None:
    viewer = program_of(make_user(Role.VIEWER))

    names = {one["name"] for one in viewer.get("/lists").json["items"]}

    assert "couplings" in names
    assert not {"users", "audit_log"} & names


def test_a_list_takes_the_parameters_of_its_page(past: Past, program: Program) -> None:
    past.mappings()
    past.skip(past.couplings(3), Cause.VALUE_TOO_LONG, "Too long.")
    past.couplings(4, "VENDOR")

    by_view = program.get("/couplings?view=skipped&sort=-business_central_key").json["items"]
    by_words = program.get("/couplings?q=Alpine&mapping=vendor").json["items"]

    assert [row["business_central_key"] for row in by_view] == ["10020", "10010", "10000"]
    assert [row["name"] for row in by_words] == ["Alpine Ski House"]


@pytest.mark.parametrize("sort", ["skipped_at", "-skipped_at"])
def test_a_cursor_goes_through_any_order_also_where_a_column_is_empty(
    past: Past, sort: str
) -> None:
    rows = past.couplings(20)
    for number, row in enumerate(rows[::2]):
        row.skipped_at = past.now - timedelta(minutes=number % 4)
    Coupling.objects.bulk_update(rows, ["skipped_at"])
    order = (sort, "-pk" if sort.startswith("-") else "pk")
    expected = list(Coupling.objects.order_by(*order).values_list("pk", flat=True))

    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = page_of(
            Coupling.objects.all(), Paging(company="", cursor=cursor, limit=3), order=order
        )
        found += [row.pk for row in page["items"]]
        cursor = page["next"]

    assert found == expected


def test_every_row_is_met_once_in_any_order(past: Past, program: Program) -> None:
    past.couplings(30)

    found = through(program, "/couplings?sort=-business_central_key")

    keys = [row["business_central_key"] for row in found]
    assert keys == sorted(keys, reverse=True)
    assert len(keys) == 30


def test_my_runs_are_those_of_the_token(past: Past, program: Program) -> None:
    past.mappings()
    past.run("CUSTOMER", past.now)
    mine = past.run("VENDOR", past.now, RunStatus.ERROR)
    Run.objects.filter(pk=mine.pk).update(user=User.objects.get(username="administrator"))

    found = program.get("/runs?view=mine").json["items"]

    assert [row["id"] for row in found] == [mine.pk]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("view=mine-only", "view"),
        ("sort=base", "sort"),
        ("last_synch_modified_on_from=soon", "last_synch_modified_on_from"),
    ],
)
def test_a_program_hears_of_what_a_page_would_leave_out(
    past: Past, program: Program, asked: str, field: str
) -> None:
    refused = program.get(f"/couplings?{asked}")

    assert (refused.status, refused.json["code"]) == (422, "E-INPUT")
    assert [problem["field"] for problem in refused.json["problems"]] == [field]


# Export


def test_all_rows_that_match_are_exported(past: Past, program: Program) -> None:
    past.pending(30)

    answer = program.get("/lists/pending_couplings/export?view=skipped&sort=name&column=attempts")

    names = sorted(PendingCoupling.objects.filter(skipped=True).values_list("name", flat=True))
    assert answer.json == [{"record": name, "attempts": 2} for name in names]
    assert answer.headers["Content-Type"] == "application/json"
    noted = AuditEntry.objects.get(act=Act.EXPORTED)
    assert (noted.source, noted.after["rows"]) == ("API", len(names))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/lists/nothing/export", 404, "E-NOTFOUND"),
        ("/lists/couplings/export?format=exe", 422, "E-INPUT"),
        ("/lists/couplings/export?column=base", 422, "E-INPUT"),
    ],
)
def test_an_export_that_is_none_is_refused(
    past: Past, program: Program, path: str, status: int, code: str
) -> None:
    refused = program.get(path)

    assert (refused.status, refused.json["code"]) == (status, code)


def test_limits_of_exports_hold_for_programs(past: Past) -> None:  # C-4024
    past.couplings(1_001)
    viewer = program_of(make_user(Role.VIEWER))

    refused = viewer.get("/lists/couplings/export")
    narrowed = viewer.get("/lists/couplings/export?q=10000&column=mapping_name")
    hidden = viewer.get("/lists/couplings/export?q=10000&column=name")
    not_theirs = viewer.get("/lists/users/export")

    assert (refused.status, refused.json["code"]) == (422, "E-TOO-MANY")
    assert narrowed.json == [{"record": "10000", "mapping_name": "CUSTOMER"}]
    assert (hidden.status, hidden.json["problems"][0]["field"]) == (422, "column")
    assert (not_theirs.status, not_theirs.json["code"]) == (403, "E-FORBIDDEN")
