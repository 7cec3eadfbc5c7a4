"""`make demo`: one command from nothing to a console that has synchronized."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_admin import ports
from tests.integration_admin.console import PATIENCE, Console, is_alive, manage, until

FIRST_RUN_TAKES = 900.0  # seconds, on a busy machine


def rows(console: Console, query: str) -> list[tuple[Any, ...]]:
    """Read from the demo's database, as nobody but a test would."""
    with closing(sqlite3.connect(console.directory / "console.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


def first_run(console: Console) -> str:
    """Return how the first synchronization ended; nothing while it runs."""
    query = "SELECT status FROM syncjobs_run WHERE job = 'synchronize_all' AND finished_at > 0"
    found = rows(console, query)
    return str(found[0][0]) if found else ""


def couplings(console: Console) -> int:
    return int(rows(console, "SELECT COUNT(*) FROM mappings_coupling")[0][0])


def sign_in(console: Console) -> requests.Response:
    """Sign in with what the demo printed; return the page that follows."""
    printed = next(line for line in console.lines if "with the password" in line)
    password = printed.split()[-1]
    session = requests.Session()
    form = session.get(f"http://127.0.0.1:{console.port}/", timeout=30)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', form.text)
    assert token is not None
    fields = {"csrfmiddlewaretoken": token[1], "username": "admin", "password": password}
    return session.post(form.url, data=fields, timeout=30)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    console = Console(tmp_path_factory.mktemp("demo"), "demo", SANDBOX_PORTS="0")
    yield console
    console.stop()


def test_the_sign_in_it_prints_opens_the_console(demo: Console) -> None:
    answer = sign_in(demo)

    assert answer.status_code == 200
    assert answer.url == f"http://127.0.0.1:{demo.port}/"


def test_its_first_synchronization_carries_records_both_ways(demo: Console) -> None:
    how = until(lambda: first_run(demo), "the first synchronization", patience=FIRST_RUN_TAKES)

    counted = rows(
        demo,
        "SELECT direction, SUM(inserted) FROM syncjobs_synchjob WHERE mapping_name = 'CUSTOMER' "
        "GROUP BY direction",
    )
    assert how == "Success"
    assert {direction for direction, inserted in counted if inserted} == {
        "ToIntegrationTable",
        "FromIntegrationTable",
    }


def test_commands_in_another_terminal_see_it(demo: Console) -> None:
    command = manage(demo.directory, "synchronize", "SALESPEOPLE", "--dry-run", "--json")

    said, _ = command.communicate(timeout=PATIENCE)

    assert command.returncode in (0, 1)
    assert json.loads(said)["mapping"] == "SALESPEOPLE"


def test_a_sandbox_that_is_killed_comes_back_at_its_addresses(demo: Console) -> None:
    state = demo.directory / "sandbox" / "running.json"
    before = json.loads(state.read_text(encoding="utf-8"))
    killed = demo.child("sandbox serve")

    os.kill(killed, signal.SIGKILL)

    until(lambda: demo.child("sandbox serve") not in (0, killed), "another one")
    control = before["SANDBOX_CONTROL_URL"]
    until(lambda: ports.answers(int(control.rpartition(":")[2])), "its pages")
    assert requests.get(f"{control}/ui/", timeout=30).status_code == 200
    assert json.loads(state.read_text(encoding="utf-8")) == before


def test_it_leaves_nothing_behind_and_starts_again_with_its_data(demo: Console) -> None:
    until(lambda: first_run(demo), "the first synchronization", patience=FIRST_RUN_TAKES)
    everybody, coupled = demo.everybody(), couplings(demo)

    status = demo.stop()
    survivors = [pid for pid in everybody if is_alive(pid)]
    again = Console(demo.directory, "demo", SANDBOX_PORTS="0")
    page = sign_in(again)
    runs = rows(again, "SELECT COUNT(*) FROM syncjobs_run WHERE job = 'synchronize_all'")
    kept = couplings(again)
    again.stop()

    assert status == 0
    assert survivors == []
    assert page.status_code == 200
    assert runs == [(1,)]
    assert kept >= coupled > 0


@pytest.mark.parametrize(
    ("place", "system"),
    [(0, "Entra ID"), (1, "Dataverse"), (2, "Business Central"), (3, "pages")],
)
def test_a_taken_port_of_the_sandbox_is_named(tmp_path: Path, place: int, system: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        four = ports.free(4)
        four[place] = port

        refused = manage(
            tmp_path, "demo", PORT=str(ports.free(1)[0]), SANDBOX_PORTS=",".join(map(str, four))
        )
        said, _ = refused.communicate(timeout=PATIENCE)

    assert refused.returncode == 2
    assert said.startswith(f"Port {port} is taken, and the sandbox's {system} needs it.")
    assert "SANDBOX_PORTS=0 for free ones" in said
    assert len(said.splitlines()) == 1


def test_ports_of_the_sandbox_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    refused = manage(tmp_path, "demo", PORT=str(ports.free(1)[0]), SANDBOX_PORTS="1,2")

    said, _ = refused.communicate(timeout=PATIENCE)

    assert refused.returncode == 2
    assert said == "SANDBOX_PORTS is 0 for free ports, or four ports, not '1,2'.\n"
