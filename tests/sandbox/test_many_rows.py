"""Many rows at once: bulk messages, batches with change sets, and feeds of changes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.running_sandbox import Caller, RunningSandbox

ID = "00000000-0000-4000-8000-0000000000{:02}"
SAME = ID.format(7)
PARENT = "parentaccountid@odata.bind"
BULK = "accounts/Microsoft.Dynamics.CRM."


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def targets(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.account", **row} for row in rows]}


def refused(answer: requests.Response) -> tuple[int, str]:
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["error"]["code"]


def account_names(call: Caller) -> list[str]:
    rows = call.get("accounts?$select=name&$orderby=name").json()["value"]
    return [row["name"] for row in rows]


# Bulk messages


def test_created_ids_come_in_the_order_of_the_request(call: Caller) -> None:
    rows = [{"name": f"A{n}", **({"accountid": ID.format(n)} if n % 2 else {})} for n in range(20)]

    answer = call.post(f"{BULK}CreateMultiple", targets(*rows))

    body = answer.json()
    assert body["@odata.context"].endswith("#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    found = {row["accountid"]: row["name"] for row in call.get("accounts").json()["value"]}
    assert [found[key] for key in body["Ids"]] == [row["name"] for row in rows]
    assert [body["Ids"][n] for n in range(1, 20, 2)] == [ID.format(n) for n in range(1, 20, 2)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"name": "B"}, {"nonsense": 1}], (400, "0x80048d19")),
        ([{"name": "B"}, {"name": "x" * 161}], (400, "0x80044331")),
        ([{"name": "B"}, {"fax": "1"}], (400, "0x80040200")),
        ([{"name": "B", "accountid": SAME}, {"name": "C", "accountid": SAME}], (412, "0x80040237")),
        ([{"name": "B"}, {"name": "C", "accountid": ID.format(1)}], (412, "0x80040237")),
        ([{"name": "B"}, {"name": "C", PARENT: f"/accounts({SAME})"}], (404, "0x80040217")),
    ],
)  # fmt: skip
def test_one_bad_row_leaves_nothing_created(
    call: Caller, rows: list[dict[str, Any]], expected: tuple[int, str]
) -> None:
    call.post("accounts", {"name": "A", "accountid": ID.format(1)})

    answer = call.post(f"{BULK}CreateMultiple", targets(*rows))

    assert refused(answer) == expected
    assert account_names(call) == ["A"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"Targets": []},
        {"Targets": "x"},
        {"Targets": [5]},
        {"Targets": [{"name": "A"}]},
        {"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.contact", "name": "A"}]},
    ],
)
@pytest.mark.parametrize("message", ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"])
def test_targets_must_name_their_type(call: Caller, message: str, body: Any) -> None:
    assert refused(call.post(f"{BULK}{message}", body)) == (400, "0x80048d19")


def test_rows_are_updated_all_or_none(call: Caller) -> None:
    ids = [ID.format(n) for n in range(3)]
    call.post(f"{BULK}CreateMultiple", targets(*({"name": "A", "accountid": key} for key in ids)))

    good = call.post(
        f"{BULK}UpdateMultiple", targets(*({"accountid": key, "name": "B"} for key in ids))
    )
    bad = call.post(
        f"{BULK}UpdateMultiple",
        targets({"accountid": ids[0], "name": "C"}, {"accountid": ID.format(9), "name": "C"}),
    )
    nameless = call.post(f"{BULK}UpdateMultiple", targets({"name": "C"}))

    assert good.status_code == 204
    assert refused(bad) == (404, "0x80040217")
    assert refused(nameless) == (400, "0x80048d19")
    assert account_names(call) == ["B"] * 3


def test_rows_are_upserted_by_key_or_id(call: Caller) -> None:
    key = {"SchemaName": "number_key", "KeyAttributes": ["accountnumber"]}
    call.post("EntityDefinitions(LogicalName='account')/Keys", key)
    call.post("accounts", {"name": "Old", "accountnumber": "1"})

    answer = call.post(
        f"{BULK}UpsertMultiple",
        targets(
            {"@odata.id": "accounts(accountnumber='1')", "name": "Updated"},
            {"@odata.id": "accounts(accountnumber='2')", "name": "Created"},
            {"accountid": ID.format(3), "name": "By id"},
            {"@odata.id": "accounts(accountnumber='2')", "fax": "second time"},
        ),
    )
    repeated = call.post(
        f"{BULK}UpsertMultiple",
        targets({"@odata.id": "accounts(accountnumber='3')", "accountnumber": "3", "name": "X"}),
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert refused(repeated) == (400, "0x80048d19")
    assert account_names(call) == ["By id", "Created", "Updated"]
    assert call.get("accounts(accountnumber='2')").json()["fax"] == "second time"


def test_an_unknown_message_is_refused(call: Caller) -> None:
    assert refused(call.post(f"{BULK}DeleteMultiple", targets({"name": "A"})))[0] == 404


# Batches


@dataclass(frozen=True)
class Part:
    status: int
    content_id: str
    headers: str
    body: Any


def request_part(
    method: str, path: str, body: Any = None, number: int = 0, headers: str = ""
) -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {number}"] if number else []
    lines += ["", f"{method} {path} HTTP/1.1", "Content-Type: application/json"]
    lines += [headers] if headers else []
    return "\r\n".join([*lines, "", json.dumps(body) if body is not None else "", ""])


def change_set(*parts: str) -> str:
    inner = "".join(f"--changeset_1\r\n{part}" for part in parts)
    return f"Content-Type: multipart/mixed;boundary=changeset_1\r\n\r\n{inner}--changeset_1--\r\n"


def send(call: Caller, *parts: str, prefer: str = "") -> tuple[requests.Response, list[Part]]:
    content = "".join(f"--batch_1\r\n{part}" for part in parts) + "--batch_1--\r\n"
    headers = {"Content-Type": 'multipart/mixed;boundary="batch_1"'}
    headers |= {"Prefer": prefer} if prefer else {}
    answer = call.request("POST", "$batch", data=content.encode(), headers=headers)
    return answer, parts_of(answer)


def parts_of(answer: requests.Response) -> list[Part]:
    pieces = re.split(r"--(?:batchresponse|changesetresponse)_[\w-]+(?:--)?\r\n", answer.text)
    found = []
    for piece in pieces:
        match = re.search(r"(.*)HTTP/1\.1 (\d+) [^\r]+\r\n(.*?)\r\n\r\n(.*)", piece, re.DOTALL)
        if match:
            number = re.search(r"Content-ID: (\S+)", match[1])
            body = json.loads(match[4]) if match[4].strip().startswith("{") else match[4].strip()
            found.append(Part(int(match[2]), number[1] if number else "", match[3], body))
    return found


def test_a_change_set_refers_to_its_earlier_parts(call: Caller) -> None:
    bind = "parentcustomerid_account@odata.bind"
    answer, parts = send(
        call,
        change_set(
            request_part("POST", "/api/data/v9.2/accounts", {"name": "A"}, 1),
            request_part("POST", f"{call.root}/contacts", {"lastname": "B", bind: "$1"}, 2),
            request_part("PATCH", "$1", {"fax": "1"}, 3),
            request_part("PUT", "/$1/primarycontactid/$ref", {"@odata.id": "$2"}, 4),
        ),
        request_part(
            "GET", "accounts?$select=name,fax&$filter=name eq 'a'&$expand=primarycontactid"
        ),
    )

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert answer.content.startswith(b"--batchresponse_")
    assert "--changesetresponse_" in answer.text
    assert [(part.status, part.content_id) for part in parts] == [
        (204, "1"), (204, "2"), (204, "3"), (204, "4"), (200, ""),
    ]  # fmt: skip
    assert "OData-EntityId: " in parts[0].headers
    [row] = parts[-1].body["value"]
    assert (row["name"], row["fax"], row["primarycontactid"]["lastname"]) == ("A", "1", "B")


def test_a_failing_change_set_is_answered_by_one_part_and_undone(call: Caller) -> None:
    answer, parts = send(
        call,
        change_set(
            request_part("POST", "accounts", {"name": "A"}, 1),
            request_part("POST", "accounts", {"nonsense": 1}, 2),
            request_part("POST", "accounts", {"name": "C"}, 3),
        ),
        request_part("POST", "accounts", {"name": "D"}),
    )

    assert answer.status_code == 400
    assert [(part.status, part.content_id) for part in parts] == [(400, "2")]
    assert parts[0].body["error"]["code"] == "0x80048d19"
    assert "changesetresponse" not in answer.text
    assert account_names(call) == []


@pytest.mark.parametrize(
    ("prefer", "status", "statuses", "kept"),
    [
        ("", 400, [204, 404], ["A"]),
        ("odata.continue-on-error", 200, [204, 404, 204, 412, 200], ["A", "C"]),
    ],
)
def test_a_batch_stops_at_the_first_error_unless_told_to_go_on(
    call: Caller, prefer: str, status: int, statuses: list[int], kept: list[str]
) -> None:
    key = ID.format(1)
    answer, parts = send(
        call,
        request_part("POST", "accounts", {"name": "A", "accountid": key}),
        request_part("PATCH", f"accounts({ID.format(2)})", {"name": "B"}, headers="If-Match: *"),
        request_part("POST", "accounts", {"name": "C"}),
        request_part("PATCH", f"accounts({key})", {"name": "D"}, headers='If-Match: W/"1"'),
        request_part("GET", f"accounts({key})?$select=name"),
        prefer=prefer,
    )

    assert answer.status_code == status
    assert [part.status for part in parts] == statuses
    assert account_names(call) == kept
    assert ("Preference-Applied" in answer.headers) == bool(prefer)


def test_later_change_sets_still_run_when_told_to_go_on(call: Caller) -> None:
    answer, parts = send(
        call,
        change_set(request_part("POST", "accounts", {"nonsense": 1}, 1)),
        change_set(request_part("POST", "accounts", {"name": "B"}, 2)),
        prefer="odata.continue-on-error",
    )

    assert answer.status_code == 200
    assert [(part.status, part.content_id) for part in parts] == [(400, "1"), (204, "2")]


@pytest.mark.parametrize(
    "part",
    [
        change_set(request_part("GET", "accounts", None, 1)),
        change_set(request_part("PATCH", "$9", {"name": "A"}, 1)),
        change_set(request_part("POST", "accounts", {"name": "A", PARENT: "$9"}, 1)),
        request_part("PATCH", "$1", {"name": "A"}),
        request_part("POST", "$batch", {}),
    ],
)  # fmt: skip
def test_a_part_that_must_not_stand_there_is_refused(call: Caller, part: str) -> None:
    answer, parts = send(call, part)

    assert answer.status_code == 400
    assert [item.status for item in parts] == [400]
    assert parts[0].body["error"]["code"] == "0x80060888"


def test_a_reference_ends_with_its_change_set(call: Caller) -> None:
    _, parts = send(
        call,
        change_set(request_part("POST", "accounts", {"name": "A"}, 1)),
        change_set(request_part("PATCH", "$1", {"name": "B"}, 2)),
    )

    assert [part.status for part in parts] == [204, 400]
    message = parts[1].body["error"]["message"]
    assert message == "Content-ID Reference: '$1' does not exist in the batch context."


def test_parts_keep_their_own_preferences(call: Caller) -> None:
    prefer = 'Prefer: return=representation,odata.include-annotations="*"'
    _, parts = send(
        call,
        change_set(
            request_part("POST", "accounts?$select=name,statecode", {"name": "A"}, 1, prefer)
        ),
    )

    assert parts[0].status == 201
    assert parts[0].body["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"


def test_a_batch_holds_a_thousand_operations_at_most(call: Caller) -> None:
    parts = [request_part("POST", "accounts", {"name": "A"})] * 1001

    answer, _ = send(call, *parts)
    full, _ = send(call, *parts[:1000])

    assert answer.status_code == 400
    assert full.status_code == 200
    assert call.get("accounts/$count").text == "1000"


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b"{}"),
        ("multipart/mixed", b""),
        ("multipart/mixed;boundary=b", b""),
        (
            "multipart/mixed;boundary=b",
            b"--b\r\nContent-Type: application/http\r\n\r\nnonsense\r\n--b--",
        ),
    ],
)
def test_a_batch_that_is_none_is_refused(call: Caller, content_type: str, content: bytes) -> None:
    answer = call.request("POST", "$batch", data=content, headers={"Content-Type": content_type})

    assert refused(answer)[0] == 400


# Feeds of changes


def feed(call: Caller, link: str, size: int = 0) -> tuple[list[dict[str, Any]], str]:
    """Walk a feed to its end; return the rows and the delta link."""
    prefer = "odata.track-changes" + (f",odata.maxpagesize={size}" if size else "")
    rows: list[dict[str, Any]] = []
    while True:
        answer = call.get(link, headers={"Prefer": prefer})
        assert answer.status_code == 200, answer.text
        assert "odata.track-changes" in answer.headers["Preference-Applied"]
        body = answer.json()
        rows += body["value"]
        assert not size or len(body["value"]) <= size or "@odata.deltaLink" in body
        if "@odata.deltaLink" in body:
            return rows, body["@odata.deltaLink"]
        link = body["@odata.nextLink"]


@pytest.mark.parametrize("size", [0, 2])
def test_a_feed_tells_changes_first_and_deletions_last(call: Caller, size: int) -> None:
    ids = [ID.format(n) for n in range(5)]
    call.post(f"{BULK}CreateMultiple", targets(*({"name": "A", "accountid": key} for key in ids)))
    full, link = feed(call, "accounts?$select=name,fax", size)
    call.delete(f"accounts({ids[0]})")
    for number in (4, 1, 2):
        call.patch(f"accounts({ids[number]})", {"name": "B"})
    call.post("accounts", {"name": "Short-lived", "accountid": ID.format(8)})
    call.delete(f"accounts({ID.format(8)})")

    changes, following = feed(call, link, size)
    replayed, _ = feed(call, link, size)
    later, _ = feed(call, following, size)

    assert sorted(row["accountid"] for row in full) == ids
    assert [row.get("accountid") for row in changes[:3]] == [ids[4], ids[1], ids[2]]
    assert set(changes[0]) == {"@odata.etag", "name", "fax", "accountid"}
    gone = changes[3:]
    assert [(row["id"], row["reason"]) for row in gone] == [
        (ids[0], "deleted"),
        (ID.format(8), "deleted"),
    ]
    assert gone[0]["@odata.context"].endswith("#accounts/$deletedEntity")
    assert replayed == changes
    assert later == []
    assert call.get(f"accounts/$count?{link.partition('?')[2].partition('&')[2]}").text == "5"


def test_a_row_that_came_back_is_no_deletion(call: Caller) -> None:
    call.post("accounts", {"name": "A", "accountid": ID.format(1)})
    _, link = feed(call, "accounts?$select=name")
    call.delete(f"accounts({ID.format(1)})")
    call.post("accounts", {"name": "Again", "accountid": ID.format(1)})

    changes, _ = feed(call, link)

    assert [row.get("name") for row in changes] == ["Again"]


def test_what_changes_while_pages_are_read_is_in_the_next_feed(call: Caller) -> None:
    rows = [{"name": f"A{n}", "accountid": ID.format(n)} for n in range(4)]
    call.post(f"{BULK}CreateMultiple", targets(*rows))
    header = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}
    first = call.get("accounts?$select=name", headers=header).json()
    call.patch(f"accounts({ID.format(0)})", {"name": "Behind"})

    _, link = feed(call, first["@odata.nextLink"], 2)
    changes, _ = feed(call, link, 2)

    assert [row["name"] for row in changes] == ["Behind"]


@pytest.mark.parametrize(
    "option", ["$filter=name eq 'A'", "$orderby=name", "$top=1", "$expand=ownerid"]
)
def test_a_feed_takes_no_other_options(call: Caller, option: str) -> None:
    answer = call.get(f"accounts?{option}", headers={"Prefer": "odata.track-changes"})

    assert refused(answer) == (400, "0x80060888")


def test_a_token_lives_seven_days(sandbox: RunningSandbox, call: Caller) -> None:
    _, link = feed(call, "accounts?$select=name")

    sandbox.clock({"dataverse_offset_s": 6.9 * 86400})
    alive = call.get(link)
    sandbox.clock({"dataverse_offset_s": 7.1 * 86400})
    expired = call.get(link)

    assert alive.status_code == 200
    assert refused(expired) == (400, "0x80044352")
