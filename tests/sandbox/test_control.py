"""The switches of the sandbox: faults, limits, statistics, clocks, and who may turn them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.running_sandbox import BC_RESOURCE, Caller, RunningSandbox

BULK = "accounts/Microsoft.Dynamics.CRM."


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def fault(sandbox: RunningSandbox, **wanted: Any) -> None:
    sandbox.faults([{"system": "dataverse", **wanted}])


def names(call: Caller) -> list[str]:
    rows = call.get("accounts?$select=name&$orderby=name").json()["value"]
    return [row["name"] for row in rows]


def is_cut(work: Any) -> bool:
    """Say whether a call ends without a whole answer."""
    try:
        work()
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return True
    return False


def many(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.account", **row} for row in rows]}


def create_part(name: str) -> str:
    """Return a part of a batch that creates an account."""
    head = "--b\r\nContent-Type: application/http\r\n\r\nPOST accounts HTTP/1.1\r\n\r\n"
    return f'{head}{{"name": "{name}"}}\r\n'


# Faults


def test_a_status_is_answered_instead_of_the_work(sandbox: RunningSandbox, call: Caller) -> None:
    body = {"error": {"code": "0x80044150", "message": "Deadlock"}}
    fault(
        sandbox,
        method="POST",
        action="status",
        status=503,
        body=body,
        headers={"Retry-After": "7"},
        nth=1,
    )

    first = call.post("accounts", {"name": "A"})
    second = call.post("accounts", {"name": "B"})

    assert (first.status_code, first.json()) == (503, body)
    assert first.headers["Retry-After"] == "7"
    assert second.status_code == 204
    assert names(call) == ["B"]


def test_a_gateway_may_answer_with_a_page(sandbox: RunningSandbox, call: Caller) -> None:
    fault(sandbox, action="status", status=502, html="<h1>Bad gateway</h1>")

    answer = call.get("accounts")

    assert (answer.status_code, answer.text) == (502, "<h1>Bad gateway</h1>")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_answer_may_be_late(sandbox: RunningSandbox, call: Caller) -> None:
    call.get("WhoAmI")
    fault(sandbox, action="delay", delay_ms=150, path="WhoAmI")

    begun = time.monotonic()
    call.get("WhoAmI")

    assert time.monotonic() - begun >= 0.15


def test_a_line_cut_before_the_work_leaves_nothing(sandbox: RunningSandbox, call: Caller) -> None:
    fault(sandbox, method="POST", action="reset_before")

    assert is_cut(lambda: call.post("accounts", {"name": "A"}))
    assert names(call) == []


def test_a_line_cut_after_the_work_leaves_it_done(sandbox: RunningSandbox, call: Caller) -> None:
    fault(sandbox, method="POST", action="reset_after_commit")

    assert is_cut(lambda: call.post("accounts", {"name": "A"}))
    assert names(call) == ["A"]


def test_an_answer_may_end_in_the_middle(sandbox: RunningSandbox, call: Caller) -> None:
    call.post("accounts", {"name": "A"})
    fault(sandbox, method="GET", path="accounts", action="truncate", nth=1)

    assert is_cut(lambda: call.get("accounts"))
    assert names(call) == ["A"]


def test_a_batch_may_end_after_some_of_its_parts(sandbox: RunningSandbox, call: Caller) -> None:
    content = "".join(create_part(f"A{number}") for number in range(5)) + "--b--"
    headers = {"Content-Type": "multipart/mixed;boundary=b", "Prefer": "odata.continue-on-error"}
    fault(sandbox, path="batch", action="partial_batch", after=2, nth=1)

    assert is_cut(lambda: call.request("POST", "$batch", data=content, headers=headers))

    assert names(call) == ["A0", "A1"]
    again = call.request("POST", "$batch", data=content, headers=headers)
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"times": 1}, [1]),
        ({"probability": 0.0}, []),
        ({"probability": 1.0}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_fault_strikes_when_it_is_told_to(
    sandbox: RunningSandbox, call: Caller, when: dict[str, Any], struck: list[int]
) -> None:
    fault(sandbox, action="status", status=500, path="WhoAmI", **when)

    statuses = [call.get("WhoAmI").status_code for _ in range(6)]

    assert [n for n, status in enumerate(statuses, 1) if status == 500] == struck
    [described] = sandbox.control("GET", "faults")
    assert (described["matched"], described["struck"]) == (6, len(struck))


def test_chance_is_repeated_with_the_same_seed(sandbox: RunningSandbox, call: Caller) -> None:
    def throw(seed: int) -> list[int]:
        fault(sandbox, action="status", status=500, probability=0.5, seed=seed)
        return [call.get("WhoAmI").status_code for _ in range(20)]

    first, again, other = throw(1), throw(1), throw(2)

    assert first == again
    assert first != other
    assert {200, 500} == set(first)


def test_a_fault_is_for_its_system_method_and_path(sandbox: RunningSandbox, call: Caller) -> None:
    fault(sandbox, action="status", status=500, method="PATCH", path=r"accounts\(.*\)$")
    key = call.post("accounts", {"name": "A"}).headers["OData-EntityId"][-37:-1]

    assert call.get(f"accounts({key})").status_code == 200
    assert call.patch(f"contacts({key})", {"lastname": "B"}).status_code == 204
    assert call.patch(f"accounts({key})", {"name": "B"}).status_code == 500
    sandbox.faults([{"system": "entra", "action": "status", "status": 500}])
    assert call.patch(f"accounts({key})", {"name": "B"}).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {"action": "status"},
        [{"action": "explode"}],
        [{"action": "status", "nonsense": 1}],
        [{"action": "status", "system": "mars"}],
        [{"action": "status", "path": "("}],
        [{"action": "status", "nth": "first"}],
        [{"action": "status", "status": "bad"}],
        [{"action": "delay", "delay_ms": "long"}],
        [{"action": "status", "probability": 2}],
        ["status"],
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: RunningSandbox, body: Any) -> None:
    url = f"{sandbox.env['SANDBOX_CONTROL_URL']}/_sandbox/faults"

    answer = requests.post(url, json=body, timeout=60)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


# Limits


def test_too_many_requests_are_refused_until_the_window_has_passed(
    sandbox: RunningSandbox, call: Caller
) -> None:
    call.get("WhoAmI")
    sandbox.limits({"enforce": True, "requests": 3, "window_s": 300})

    statuses = [call.get("WhoAmI").status_code for _ in range(3)]
    refused = call.get("WhoAmI")
    other = sandbox.integration_dataverse.get("WhoAmI")

    assert statuses == [200] * 3
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "0x80072322")
    assert other.status_code == 200
    assert 1 <= int(refused.headers["Retry-After"]) <= 301
    sandbox.limits({"window_s": 1})
    time.sleep(1)
    assert call.get("WhoAmI").status_code == 200


def test_too_much_execution_is_refused(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.limits({"enforce": True, "execution_ms_total": 100})
    call.post(f"{BULK}CreateMultiple", many(*({"name": "A"} for _ in range(10))))

    refused = call.get("WhoAmI")

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "0x80072321")
    assert int(refused.headers["Retry-After"]) >= 1
    assert "Combined execution time" in refused.json()["error"]["message"]


def test_too_many_at_once_are_refused(sandbox: RunningSandbox, call: Caller) -> None:
    callers = connected(sandbox, 6)
    sandbox.limits({"enforce": True, "concurrency": 2, "latency_ms": {"dataverse": 1000}})

    answers = together(callers)

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 429, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "0x80072326"
    assert int(refused.headers["Retry-After"]) >= 1


def connected(sandbox: RunningSandbox, number: int) -> list[Caller]:
    """Return callers with a connection of their own each, which stands already."""
    root, resource = sandbox.dataverse.root, sandbox.env["SANDBOX_DATAVERSE_URL"]
    callers = [Caller(sandbox, root, resource, integration=False) for _ in range(number)]
    for caller in callers:
        assert caller.get("WhoAmI").ok
    return callers


def together(callers: list[Caller]) -> list[requests.Response]:
    """Let all of them ask at the same moment."""
    start = threading.Barrier(len(callers))

    def ask(caller: Caller) -> requests.Response:
        start.wait()
        return caller.get("WhoAmI")

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(ask, callers))


def test_business_central_promises_no_time_to_wait(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.limits({"enforce": True, "requests": 0})

    bc = sandbox.bc.get("items")
    dataverse = call.get("WhoAmI")
    sandbox.limits({"retry_after": False})
    silent = call.get("WhoAmI")

    assert (bc.status_code, "Retry-After" in bc.headers) == (429, False)
    assert (dataverse.status_code, "Retry-After" in dataverse.headers) == (429, True)
    assert (silent.status_code, "Retry-After" in silent.headers) == (429, False)


def test_what_is_left_of_the_limits_is_told(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.limits({"enforce": True})

    first, second = call.get("WhoAmI"), call.get("WhoAmI")

    name = "x-ms-ratelimit-burst-remaining-xrm-requests"
    assert int(first.headers[name]) - int(second.headers[name]) == 1
    assert float(first.headers["x-ms-ratelimit-time-remaining-xrm-requests"]) > 0
    assert second.headers["x-ms-service-request-id"] != first.headers["x-ms-service-request-id"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"nonsense": 1},
        {"requests": "many"},
        {"latency_ms": {"mars": 1}},
        {"execution_ms": 5},
        {"window_s": None},
    ],
)
def test_limits_that_make_no_sense_are_refused(sandbox: RunningSandbox, body: Any) -> None:
    url = f"{sandbox.env['SANDBOX_CONTROL_URL']}/_sandbox/limits"

    answer = requests.post(url, json=body, timeout=60)

    assert answer.status_code == 400, answer.text


# Statistics


def test_the_cost_of_work_is_accounted_as_published(sandbox: RunningSandbox, call: Caller) -> None:
    costs = {}

    def measure(name: str, work: Any) -> None:
        sandbox.forget_stats()
        work()
        found = sandbox.stats()["systems"]["dataverse"]
        costs[name] = (found["operations"], round(found["execution_seconds"] * 1000, 3))

    rows = [{"name": f"A{n}"} for n in range(100)]
    made: list[str] = []
    measure(
        "bulk", lambda: made.extend(call.post(f"{BULK}CreateMultiple", many(*rows)).json()["Ids"])
    )
    measure("read", lambda: call.get("accounts?$select=name"))
    measure("one", lambda: call.get(f"accounts({made[0]})"))
    measure("write", lambda: call.patch(f"accounts({made[0]})", {"name": "B"}))
    changed = many(*({"accountid": key, "fax": "1"} for key in made))
    measure("update", lambda: call.post(f"{BULK}UpdateMultiple", changed))
    upserted = many(*({"accountid": key, "fax": "2"} for key in made))
    measure("upsert", lambda: call.post(f"{BULK}UpsertMultiple", upserted))
    batch = {
        "data": create_part("A") * 7 + "--b--",
        "headers": {"Content-Type": "multipart/mixed;boundary=b"},
    }
    measure("batch", lambda: call.request("POST", "$batch", **batch))

    assert costs == {
        "bulk": (100, 1000),
        "read": (1, 25),
        "one": (1, 20.05),
        "write": (1, 40),
        "update": (100, 3000),
        "upsert": (100, 3000),
        "batch": (7, 280),
    }


def test_accounted_time_is_the_longest_of_requests_and_execution(
    sandbox: RunningSandbox, call: Caller
) -> None:
    sandbox.forget_stats()
    for _ in range(10):
        call.get("WhoAmI")
    by_requests = sandbox.stats()["systems"]["dataverse"]["accounted_seconds"]

    sandbox.forget_stats()
    call.post(f"{BULK}CreateMultiple", many(*({"name": "A"} for _ in range(1000))))
    by_execution = sandbox.stats()["systems"]["dataverse"]["accounted_seconds"]

    assert by_requests == pytest.approx(10 / 20)
    assert by_execution == pytest.approx(1000 * 10 / 4000)


def test_principals_have_budgets_of_their_own(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.forget_stats()
    for caller in (call, call, call, sandbox.integration_dataverse):
        caller.get("WhoAmI")

    stats = sandbox.stats()

    assert stats["systems"]["dataverse"]["accounted_seconds"] == pytest.approx(3 / 20)
    counted = {
        p["principal"]: p["requests"] for p in stats["principals"] if p["system"] == "dataverse"
    }
    assert counted == {
        sandbox.env["SANDBOX_CLIENT_ID"]: 3,
        sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]: 1,
    }


def test_requests_are_counted_by_route_and_status(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.forget_stats()
    sent = call.post("accounts", {"name": "A"})
    key = sent.headers["OData-EntityId"][-37:-1]
    found = call.get(f"accounts({key})?$select=name")
    call.get("accounts(11111111-1111-1111-1111-111111111111)")

    stats = sandbox.stats()

    dataverse = stats["systems"]["dataverse"]
    assert dataverse["statuses"] == {"200": 1, "204": 1, "404": 1}
    assert dataverse["requests"] == 3
    routes = {
        (r["method"], r["route"], r["status"]): r
        for r in stats["routes"]
        if r["system"] == "dataverse"
    }
    assert set(routes) == {
        ("POST", "/accounts", 204),
        ("GET", "/accounts()", 200),
        ("GET", "/accounts()", 404),
    }
    assert routes["POST", "/accounts", 204]["bytes_in"] == len('{"name": "A"}')
    assert routes["GET", "/accounts()", 200]["bytes_out"] == len(found.content)


def test_the_peak_of_requests_at_once_is_kept(sandbox: RunningSandbox, call: Caller) -> None:
    callers = connected(sandbox, 4)
    sandbox.limits({"latency_ms": {"dataverse": 1000}})
    sandbox.forget_stats()

    answers = together(callers)

    assert [answer.status_code for answer in answers] == [200] * 4
    assert sandbox.stats()["systems"]["dataverse"]["peak_concurrency"] == 4


def test_faults_and_refusals_are_counted_too(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.forget_stats()
    fault(sandbox, action="status", status=503)
    call.get("WhoAmI")
    headers = {"Authorization": "Bearer nonsense"}
    requests.get(
        f"{call.root}/WhoAmI", headers=headers, verify=sandbox.env["SANDBOX_CA_BUNDLE"], timeout=60
    )

    assert sandbox.stats()["systems"]["dataverse"]["statuses"] == {"401": 1, "503": 1}


# Clocks


def test_each_system_has_a_clock_of_its_own(sandbox: RunningSandbox, call: Caller) -> None:
    sandbox.clock({"dataverse_offset_s": 300, "bc_offset_s": -300})

    key = call.post("accounts", {"name": "A"}).headers["OData-EntityId"][-37:-1]

    at = datetime.fromisoformat(call.get(f"accounts({key})").json()["modifiedon"])
    ahead = at - datetime.now(UTC)
    assert timedelta(seconds=200) < ahead < timedelta(seconds=301)
    assert sandbox.control("GET", "clock") == {"bc_offset_s": -300, "dataverse_offset_s": 300}
    sandbox.reset()
    assert sandbox.control("GET", "clock") == {"bc_offset_s": 0, "dataverse_offset_s": 0}


@pytest.mark.parametrize("body", [[], {"mars": 1}, {"bc_offset_s": "soon"}, {"bc_offset_s": None}])
def test_a_clock_that_makes_no_sense_is_refused(sandbox: RunningSandbox, body: Any) -> None:
    url = f"{sandbox.env['SANDBOX_CONTROL_URL']}/_sandbox/clock"

    assert requests.post(url, json=body, timeout=60).status_code == 400


# Control itself


def test_control_refuses_other_sites(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.env['SANDBOX_CONTROL_URL']}/_sandbox"
    own = {"Origin": sandbox.env["SANDBOX_CONTROL_URL"]}

    foreign = requests.get(f"{url}/env", headers={"Origin": "https://evil.example"}, timeout=60)
    forged = requests.post(f"{url}/reset", headers={"Origin": "null"}, json={}, timeout=60)
    rebound = requests.get(f"{url}/env", headers={"Host": "evil.example"}, timeout=60)
    allowed = requests.get(f"{url}/env", headers=own, timeout=60)

    assert [a.status_code for a in (foreign, forged, rebound, allowed)] == [403, 403, 403, 200]


def test_control_says_what_it_knows(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.env['SANDBOX_CONTROL_URL']}/_sandbox"

    unknown = requests.get(f"{url}/nonsense", timeout=60)
    malformed = requests.post(f"{url}/reset", data=b"{", timeout=60)
    seed = requests.post(f"{url}/reset", json={"seed": "moon"}, timeout=60)
    scale = requests.post(f"{url}/reset", json={"seed": "empty", "scale": "big"}, timeout=60)
    amounts = requests.post(f"{url}/seed", json={"moons": 1}, timeout=60)

    assert unknown.status_code == 404
    assert "/_sandbox/faults" in unknown.json()["error"]
    for answer in (malformed, seed, scale, amounts):
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]


def test_the_environment_names_everything_a_client_needs(sandbox: RunningSandbox) -> None:
    found = sandbox.control("GET", "env")

    assert found == sandbox.env
    assert found["SANDBOX_DATAVERSE_URL"].startswith("https://localhost:")
    assert not found["SANDBOX_DATAVERSE_URL"].endswith("/")
    assert sandbox.token(BC_RESOURCE)


def test_a_reset_empties_the_system_it_names(sandbox: RunningSandbox, call: Caller) -> None:
    call.post("accounts", {"name": "A"})
    sandbox.reset({"bc": "empty"})
    kept = names(call)

    sandbox.reset({"dataverse": "empty"})

    assert kept == ["A"]
    assert names(call) == []
    assert call.get("WhoAmI").status_code == 200
