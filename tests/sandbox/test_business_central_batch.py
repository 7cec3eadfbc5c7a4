"""Business Central's $batch: up to a hundred requests, each for itself or all together."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.running_sandbox import RunningSandbox

JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def company(sandbox: RunningSandbox) -> None:
    sandbox.reset({"bc": "empty"})


def batch(
    sandbox: RunningSandbox, parts: list[dict[str, Any]], **headers: str
) -> requests.Response:
    url = f"{sandbox.env['SANDBOX_BC_URL']}/api/integration/sales/v1.0/$batch"
    return sandbox.bc.post(url, json={"requests": parts}, headers=headers)


def customers(sandbox: RunningSandbox) -> str:
    return f"companies({sandbox.env['SANDBOX_BC_COMPANY_ID']})/customers"


def create(sandbox: RunningSandbox, number: int, **more: Any) -> dict[str, Any]:
    body = {"displayName": f"Customer {number}", **more}
    url = customers(sandbox)
    return {"id": str(number), "method": "POST", "url": url, "headers": JSON, "body": body}


def names(sandbox: RunningSandbox) -> list[str]:
    return [row["displayName"] for row in sandbox.bc.get("customers").json()["value"]]


def statuses(answer: requests.Response) -> list[tuple[str, int]]:
    assert answer.status_code == 200, answer.text
    return [(part["id"], part["status"]) for part in answer.json()["responses"]]


def test_each_part_stands_for_itself(sandbox: RunningSandbox) -> None:
    parts = [create(sandbox, 1), create(sandbox, 2, shoeSize=43), create(sandbox, 3)]

    answer = batch(sandbox, parts)

    assert statuses(answer) == [("1", 201), ("2", 400), ("3", 201)]
    made, refused, _ = answer.json()["responses"]
    assert made["body"]["number"] == "C00010"
    assert made["headers"]["content-type"].startswith("application/json")
    assert refused["body"]["error"]["code"] == "BadRequest"
    assert names(sandbox) == ["Customer 1", "Customer 3"]


def test_parts_run_in_their_order(sandbox: RunningSandbox) -> None:
    identity = "11111111-2222-4333-8444-555555555555"
    one = f"{customers(sandbox)}({identity})"
    headers = {**JSON, "If-Match": "*"}
    parts = [
        create(sandbox, 1, id=identity),
        {"id": "2", "method": "PATCH", "url": one, "headers": headers, "body": {"city": "Oslo"}},
        {"id": "3", "method": "GET", "url": f"{one}?$select=city"},
        {"id": "4", "method": "DELETE", "url": f"/{one}", "headers": {"If-Match": "*"}},
        {"id": "5", "method": "GET", "url": one},
    ]

    answer = batch(sandbox, parts)

    assert [status for _, status in statuses(answer)] == [201, 200, 200, 204, 404]
    assert answer.json()["responses"][2]["body"]["city"] == "Oslo"
    assert "body" not in answer.json()["responses"][3]


def test_a_list_in_a_batch_says_where_it_goes_on(sandbox: RunningSandbox) -> None:
    batch(sandbox, [create(sandbox, number) for number in range(3)])
    headers = {"Prefer": "odata.maxpagesize=2"}
    part = {"id": "1", "method": "GET", "url": customers(sandbox), "headers": headers}

    [page] = batch(sandbox, [part]).json()["responses"]

    rest = sandbox.bc.get(page["body"]["@odata.nextLink"], headers=headers).json()["value"]
    assert [row["displayName"] for row in page["body"]["value"] + rest] == names(sandbox)


def test_a_snapshot_is_undone_by_one_failure(sandbox: RunningSandbox) -> None:
    parts = [create(sandbox, 1), create(sandbox, 2, city=5), create(sandbox, 3)]

    answer = batch(sandbox, parts, Isolation="snapshot")

    assert statuses(answer) == [("1", 424), ("2", 400), ("3", 424)]
    assert names(sandbox) == []


def test_a_snapshot_that_succeeds_is_kept(sandbox: RunningSandbox) -> None:
    parts = [create(sandbox, 1), create(sandbox, 2)]

    answer = batch(sandbox, parts, Isolation="snapshot")

    assert statuses(answer) == [("1", 201), ("2", 201)]
    assert names(sandbox) == ["Customer 1", "Customer 2"]


def test_numbers_go_on_after_a_snapshot_was_undone(sandbox: RunningSandbox) -> None:
    batch(sandbox, [create(sandbox, 1), create(sandbox, 2, city=5)], Isolation="snapshot")

    answer = sandbox.bc.post("customers", json={"displayName": "Contoso"})

    assert answer.json()["number"] == "C00010"


def test_a_hundred_parts_are_taken_and_one_more_is_not(sandbox: RunningSandbox) -> None:
    full = batch(sandbox, [create(sandbox, number) for number in range(100)])
    too_many = batch(sandbox, [create(sandbox, number) for number in range(101)])

    assert {status for _, status in statuses(full)} == {201}
    assert too_many.status_code == 400
    assert too_many.json()["error"]["code"] == "BadRequest"
    assert len(names(sandbox)) == 100


@pytest.mark.parametrize(
    "parts",
    [
        [{"method": "GET", "url": "companies"}],
        [{"id": "1", "url": "companies"}],
        [{"id": "1", "method": "GET"}],
        [{"id": "1", "method": "GET", "url": "companies"}] * 2,
        [{"id": "1", "method": "GET", "url": "companies", "atomicityGroup": "g"}],
        ["companies"],
        "companies",
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(sandbox: RunningSandbox, parts: Any) -> None:
    answer = batch(sandbox, parts)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_a_part_with_a_body_names_its_content_type(sandbox: RunningSandbox) -> None:
    part = create(sandbox, 1) | {"headers": {}}

    answer = batch(sandbox, [part])

    assert statuses(answer) == [("1", 400)]
    assert names(sandbox) == []


def test_a_cut_batch_keeps_the_parts_that_were_carried_out(sandbox: RunningSandbox) -> None:
    sandbox.faults([{"system": "bc", "path": r"\$batch", "action": "partial_batch", "after": 2}])

    with pytest.raises(requests.ConnectionError):
        batch(sandbox, [create(sandbox, number) for number in range(5)])

    sandbox.faults([])
    assert names(sandbox) == ["Customer 0", "Customer 1"]


def test_a_cut_snapshot_keeps_nothing(sandbox: RunningSandbox) -> None:
    sandbox.faults([{"system": "bc", "path": r"\$batch", "action": "partial_batch", "after": 2}])

    parts = [create(sandbox, number) for number in range(5)]
    with pytest.raises(requests.ConnectionError):
        batch(sandbox, parts, Isolation="snapshot")

    sandbox.faults([])
    assert names(sandbox) == []


def test_a_batch_counts_its_parts(sandbox: RunningSandbox) -> None:
    sandbox.forget_stats()

    batch(sandbox, [create(sandbox, number) for number in range(10)])

    [route] = [row for row in sandbox.stats()["routes"] if row["system"] == "bc"]
    assert (route["requests"], route["operations"]) == (1, 10)
    assert route["execution_seconds"] == pytest.approx(0.4)


def test_batches_are_posted(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.env['SANDBOX_BC_URL']}/api/v2.0/$batch"

    answer = sandbox.bc.get(url)

    assert (answer.status_code, answer.json()["error"]["code"]) == (
        405,
        "BadRequest_MethodNotAllowed",
    )
