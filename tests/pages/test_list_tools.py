"""What every list can: columns, sorting by several, rows a page, the filter pane, export."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin import list_tools
from integration_admin.exporting import page_class
from integration_admin.narrowing import Narrows
from integration_admin.roles import Role
from mappings.models import Coupling
from mappings.terms import Direction
from syncjobs.models import Run
from syncjobs.terms import RunStatus
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past
from tests.pages.test_lists import budget

LISTS = (
    "mappings", "couplings", "coupling_errors", "option_errors", "pending_couplings",
    "synch_jobs", "all_errors", "job_queue", "runs", "audit_log", "users",
)  # fmt: skip


def file(client: Client, name: str, **asked: Any) -> str:
    """Return the text of an export."""
    answer = client.get(reverse("export_list", args=[name]), {"format": "csv", **asked})
    assert answer.status_code == 200
    return answer.getvalue().decode("utf-8-sig")


def table(client: Client, name: str, **asked: Any) -> list[list[str]]:
    return list(csv.reader(StringIO(file(client, name, **asked), newline="")))


# Columns, order, rows a page


def test_columns_are_chosen_in_the_address(past: Past, admin: Client) -> None:
    row = past.couplings(1)[0]

    html = admin.get("/couplings/?column=dataverse_id&column=mapping_name").content.decode()

    assert str(row.dataverse_id) in html
    assert html.index("Sales id</span>") < html.index(">Mapping</th>")
    assert "Last to Sales</th>" not in html
    assert "10000 Adatum" in html  # the first column leads to the card and stays


def test_a_column_that_is_not_there_is_ignored(past: Past, admin: Client) -> None:
    past.couplings(1)

    usual = admin.get("/couplings/").content.decode()
    html = admin.get("/couplings/?column=base&column=password").content.decode()

    assert "Last to Sales</th>" in html
    assert html.count('<th scope="col"') == usual.count('<th scope="col"')


def test_a_list_is_sorted_by_several_columns(past: Past, admin: Client) -> None:
    past.pending(8)

    html = admin.get("/pending-couplings/?sort=attempts,-name").content.decode()

    names = [f"Contact {number}<" for number in range(7, -1, -1)]
    assert [html.index(name) for name in names] == sorted(html.index(name) for name in names)
    assert 'aria-sort="ascending"' in html
    assert html.count("aria-sort=") == html.count('aria-sort="none"') + 1
    assert 'data-more="?sort=attempts"' in html  # the third click with Shift takes it back


def test_a_page_has_as_many_rows_as_asked_for(past: Past, admin: Client) -> None:
    past.couplings(120)

    assert "1 to 25 of 120" in admin.get("/couplings/?size=25").content.decode()
    assert "1 to 100 of 120" in admin.get("/couplings/?size=100").content.decode()
    assert "1 to 50 of 120" in admin.get("/couplings/?size=7").content.decode()


def test_row_height_lives_in_the_address(past: Past, admin: Client) -> None:
    past.couplings(1)

    assert 'data-density="compact"' in admin.get("/couplings/?density=compact").content.decode()


# Filters


def test_days_narrow_a_list_in_the_zone_of_the_console(past: Past, admin: Client) -> None:
    past.mappings()
    past.day(hours=30)
    today = past.now.date().isoformat()

    since = admin.get(f"/runs/?started_at_from={today}").context["paginator"].count
    until = admin.get(f"/runs/?started_at_to={today}").context["paginator"].count
    both = admin.get(f"/runs/?started_at_from={today}&started_at_to={today}")

    assert 0 < since < until == Run.objects.count()
    assert both.context["paginator"].count == since
    assert f"Start Date/Time, from: <b>{today}</b>" in both.content.decode()


def test_a_day_that_is_none_is_told_next_to_its_field(past: Past, admin: Client) -> None:
    html = admin.get("/runs/?started_at_from=yesterday").content.decode()

    assert "yesterday is not a date. Write it as 2026-01-31." in html
    assert 'value="yesterday" aria-invalid="true"' in html
    assert '<aside class="card pane" id="pane" aria-label="Filter pane">' in html


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-31", "%00"])
def test_an_odd_day_breaks_nothing(past: Past, admin: Client, day: str) -> None:
    assert admin.get(f"/runs/?started_at_from={day}&started_at_to={day}").status_code == 200


def test_what_narrows_is_shown_and_can_be_taken_away(past: Past, admin: Client) -> None:
    past.mappings()
    past.couplings(2, "VENDOR")

    html = admin.get("/couplings/?mapping=VENDOR&sort=business_central_key").content.decode()

    assert "Mapping: <b>VENDOR</b>" in html
    assert 'href="?sort=business_central_key&amp;view=all">Clear filters</a>' in html


def test_my_runs_are_a_view_of_the_runs(past: Past, admin: Client) -> None:
    past.mappings()
    mine = past.run("VENDOR", past.now)
    past.run("CUSTOMER", past.now)
    Run.objects.filter(pk=mine.pk).update(user=User.objects.get(username="administrator"))

    answer = admin.get("/runs/?view=mine")

    assert [row.key for row in answer.context["rows"]] == [mine.pk]


# Export


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_exported_as_it_is_shown(full_past: Past, admin: Client, name: str) -> None:
    page = admin.get(reverse(name))

    lines = table(admin, name)
    rows = json.loads(file(admin, name, format="json"))

    assert lines[0] == [heading.caption for heading in page.context["headings"]]
    noted = 1 if name == "audit_log" else 0  # an export leaves a line there
    assert len(lines) - 1 == page.context["paginator"].count
    assert len(rows) == page.context["paginator"].count + noted
    assert not any("<" in cell for line in lines for cell in line)


@pytest.mark.parametrize("name", LISTS)
def test_every_column_of_every_list_can_be_shown_sorted_filtered_and_exported(
    full_past: Past, admin: Client, name: str
) -> None:
    kind = page_class(name)
    assert kind is not None
    page = kind()
    page.setup(admin.get(reverse(name)).wsgi_request)
    columns = [column.name for column in page.all_columns]
    orders = [column.order for column in page.all_columns if column.order]

    assert admin.get(reverse(name), {"column": columns}).status_code == 200
    assert len(table(admin, name, column=columns)[0]) == len(columns)
    for order in orders:
        assert admin.get(reverse(name), {"sort": f"-{order}"}).status_code == 200
    for one in page.narrowings:
        value = "2026-01-31" if one.kind == "day" else "x"
        assert admin.get(reverse(name), {one.key: value}).status_code == 200
        assert admin.get(reverse(name), {one.key: value}).context["search"] == ""


def test_an_export_holds_the_filtered_rows_in_their_order(past: Past, admin: Client) -> None:
    past.mappings()
    past.couplings(60)
    past.couplings(3, "VENDOR")

    lines = table(admin, "couplings", mapping="VENDOR", sort="-business_central_key")

    assert [line[0].split()[0] for line in lines[1:]] == ["10020", "10010", "10000"]


def test_a_planted_formula_is_harmless(past: Past, admin: Client) -> None:
    row = past.couplings(1)[0]
    Coupling.objects.filter(pk=row.pk).update(business_central_key="", name='=HYPERLINK("x")')

    assert table(admin, "couplings")[1][0] == '\'=HYPERLINK("x")'


def test_an_export_is_in_the_audit_log(past: Past, admin: Client) -> None:
    past.couplings(2)

    file(admin, "couplings", view="all")

    entry = AuditEntry.objects.get(act=Act.EXPORTED)
    assert (entry.user_name, entry.object_name) == ("administrator", "Couplings")
    assert entry.after == {"rows": 2, "format": "CSV", "shown": "view=all"}


def test_a_viewer_exports_no_personal_data(past: Past, viewer: Client) -> None:  # C-4024
    past.couplings(2)

    text = file(viewer, "couplings", column=["name", "business_central_key", "mapping_name"])

    assert text.splitlines() == [
        "Record,No. or Code,Mapping",
        "10000,10000,CUSTOMER",
        "10010,10010,CUSTOMER",
    ]


def test_a_viewer_exports_a_thousand_rows_and_others_a_hundred_thousand(
    past: Past, viewer: Client, signed_in: SignedIn
) -> None:  # C-4024
    past.couplings(1_001)

    refused = viewer.get(reverse("export_list", args=["couplings"]), {"format": "csv"})

    assert refused.status_code == 422
    assert "You may export 1,000 rows at once" in refused.content.decode()
    assert "E-TOO-MANY" in refused.content.decode()
    assert "You may export 1,000 rows at once" in viewer.get("/couplings/").content.decode()
    assert len(table(signed_in(Role.SUPPORT), "couplings")) == 1_002


def test_more_than_a_hundred_thousand_rows_are_refused(
    past: Past, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.couplings(4)
    monkeypatch.setattr(list_tools, "MOST", 3)

    answer = admin.get(reverse("export_list", args=["couplings"]), {"format": "xlsx"})

    assert answer.status_code == 422
    assert not AuditEntry.objects.filter(act=Act.EXPORTED).exists()


def test_an_export_asks_for_the_right_of_its_list(past: Past, viewer: Client) -> None:
    assert viewer.get(reverse("export_list", args=["users"]), {"format": "csv"}).status_code == 403


@pytest.mark.parametrize("address", ["/lists/nothing/export/?format=csv", "/lists/home/export/",
                                     "/lists/couplings/export/?format=exe"])  # fmt: skip
def test_what_is_no_list_or_no_format_is_not_found(past: Past, admin: Client, address: str) -> None:
    assert admin.get(address).status_code == 404


def test_an_export_asks_the_database_for_pieces_not_for_rows(past: Past, admin: Client) -> None:
    past.couplings(600)
    url = reverse("export_list", args=["couplings"])
    admin.get(url, {"format": "csv"}).getvalue()

    with budget("export", 12):  # six for who asks, the keys, two pieces of two, the audit log
        admin.get(url, {"format": "csv"}).getvalue()


def test_lists_name_their_columns_once() -> None:
    for name in LISTS:
        kind = page_class(name)
        assert kind is not None
        assert issubclass(kind, Narrows)
        names = [one if isinstance(one, str) else one.name for one in kind.columns]
        assert len(names) == len(set(names)), name


# Following


def test_newer_rows_are_offered_and_not_put_in_between(past: Past, admin: Client) -> None:  # C-0016
    past.mappings()
    first = past.run("CUSTOMER", past.now, RunStatus.IN_PROCESS)
    as_of = admin.get("/runs/").context["as_of"]
    past.run("VENDOR", past.now)
    Run.objects.filter(pk=first.pk).update(status=RunStatus.SUCCESS)

    asked_again = admin.get("/runs/", headers={"X-As-Of": as_of})

    html = asked_again.content.decode()
    assert [row.key for row in asked_again.context["rows"]] == [first.pk]
    assert "In Process" not in html.split("<tbody>")[1]
    assert 'href="/runs/"' in html
    assert "1 newer row: show" in html
    assert asked_again.context["as_of"] == as_of


def test_synch_jobs_are_followed_by_their_time(past: Past, admin: Client) -> None:
    past.mappings()
    past.job("CUSTOMER", Direction.TO_INTEGRATION_TABLE, past.now)
    as_of = admin.get("/synch-jobs/").context["as_of"]
    for minutes in (1, 2):
        past.job("VENDOR", Direction.TO_INTEGRATION_TABLE, past.now + timedelta(minutes=minutes))

    html = admin.get("/synch-jobs/", headers={"X-As-Of": as_of}).content.decode()

    assert "2 newer rows: show" in html
    assert "1 to 1 of 1" in html


@pytest.mark.parametrize("as_of", ["soon", "0x1", "9" * 30, "2026-99-99"])
def test_an_odd_header_changes_nothing(past: Past, admin: Client, as_of: str) -> None:
    past.mappings()
    past.job("CUSTOMER", Direction.TO_INTEGRATION_TABLE, past.now)

    for address in ("/synch-jobs/", "/runs/"):
        assert admin.get(address, headers={"X-As-Of": as_of}).status_code == 200


def test_a_list_in_another_order_or_further_down_is_not_followed(past: Past, admin: Client) -> None:
    past.mappings()
    past.day()

    for asked in ("?sort=description", "?page=2"):
        assert admin.get(f"/runs/{asked}").context["as_of"] == ""


def test_buttons_order_the_columns_without_script(past: Past, admin: Client) -> None:  # C-7006
    past.couplings(1)
    asked = {"column": ["name", "mapping_name", "cause"], "view": "all"}

    moved = admin.get("/couplings/", {**asked, "up": "cause"}, follow=True)
    html = moved.content.decode()

    captions = [heading.caption for heading in moved.context["headings"]]
    assert captions == ["Record", "Name", "Cause", "Mapping"]
    assert '<details class="menu menu--end" open>' in html
    assert "Move Name up" not in html
    assert "Move Mapping down" not in html
    assert "data-autofocus" in html.partition("Move Cause up")[2][:20]


def test_a_column_at_the_end_goes_no_further(past: Past, admin: Client) -> None:
    asked = {"column": ["name", "mapping_name"], "down": "mapping_name", "view": "all"}

    moved = admin.get("/couplings/", asked, follow=True)

    assert [one.caption for one in moved.context["headings"]] == ["Record", "Name", "Mapping"]


def test_a_list_that_holds_nothing_offers_neither_export_nor_columns(
    past: Past, admin: Client
) -> None:
    empty = admin.get("/couplings/", {"view": "all"}).content.decode()
    narrowed = admin.get("/couplings/", {"view": "all", "q": "nobody"}).content.decode()

    assert "Export" not in empty
    assert "Columns shown" not in empty
    assert "Export" not in narrowed
    assert "Columns shown" in narrowed
