"""The console's processes: started in order, started again when killed, stopped without a trace."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from integration_admin import embedded_redis, ports
from tests.integration_admin.console import PATIENCE, Console, is_alive, manage, until

CHILDREN = {
    "redis": "redis",
    "web": "gunicorn",
    "worker": "manage.py worker",
    "scheduler": "manage.py scheduler",
}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    console = Console(tmp_path_factory.mktemp("serve"), "serve")
    yield console
    console.stop()


@pytest.mark.parametrize("words", CHILDREN.values(), ids=CHILDREN)
def test_a_child_that_is_killed_comes_back(console: Console, words: str) -> None:
    killed = until(lambda: console.child(words), "the child")

    os.kill(killed, signal.SIGKILL)

    back = until(lambda: console.child(words) not in (0, killed), "another one")
    assert back
    assert until(console.pages_answer, "a page")


def test_what_redis_held_survives_its_death(console: Console) -> None:
    client = redis.Redis.from_url(embedded_redis.address(console.directory))
    until(lambda: _answers(client), "Redis")
    client.set("kept", "yes")

    os.kill(console.child("redis"), signal.SIGKILL)

    until(lambda: _answers(client), "Redis again")
    assert client.get("kept") == b"yes"


def test_a_second_console_in_the_folder_says_where_the_first_answers(console: Console) -> None:
    second = manage(console.directory, "serve", PORT=str(ports.free(1)[0]))

    said, _ = second.communicate(timeout=PATIENCE)

    assert second.returncode == 2
    assert f"http://127.0.0.1:{console.port} (process {console.process.pid})" in said
    assert len(said.splitlines()) == 1


def test_ctrl_c_ends_everything_and_the_data_is_there_at_the_next_start(tmp_path: Path) -> None:
    console = Console(tmp_path, "serve")
    everybody = console.everybody()
    redis.Redis.from_url(embedded_redis.address(tmp_path)).set("kept", "yes")

    status = console.stop()

    assert status == 0
    assert console.lines[-1] == "Stopped."
    assert len(everybody) >= len(CHILDREN)
    assert not [pid for pid in everybody if is_alive(pid)]

    again = Console(tmp_path, "serve", "--no-migrate")
    kept = redis.Redis.from_url(embedded_redis.address(tmp_path)).get("kept")
    again.stop()

    assert kept == b"yes"


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    console = Console(tmp_path, "serve")
    everybody = console.everybody()

    console.process.kill()

    until(lambda: not [pid for pid in everybody if is_alive(pid)], "all to be gone")
    assert len(everybody) >= len(CHILDREN)


def test_redis_begins_empty_where_it_cannot_read_what_it_kept(tmp_path: Path) -> None:
    kept = tmp_path / "redis" / "appendonlydir"
    kept.mkdir(parents=True)
    (kept / "appendonly.aof.manifest").write_text("this is no manifest\n", encoding="ascii")

    console = Console(tmp_path, "serve")
    answers = console.pages_answer()
    status = console.stop()

    assert answers
    assert status == 0
    assert any("begins empty" in line for line in console.lines)


def test_a_taken_port_is_named_with_who_needs_it_and_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = manage(tmp_path, "serve", PORT=str(port))
        said, _ = refused.communicate(timeout=PATIENCE)

    assert refused.returncode == 2
    assert said == (
        f"Port {port} is taken, and the console needs it. "
        f"Choose another: PORT={port + 1} make run\n"
    )


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("PORT", "eight", "PORT is a whole number, not 'eight'."),
        ("PORT", "70000", "There is no port 70000, which the console was given."),
        ("WORKERS", "-1", "WORKERS is a whole number, not '-1'."),
        ("HOST", "203.0.113.7", "203.0.113.7 is no address of this machine"),
        ("HOST", "nowhere.invalid", "nowhere.invalid is no address of this machine"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_sentence(
    tmp_path: Path, setting: str, value: str, sentence: str
) -> None:
    refused = manage(tmp_path, "serve", **{"PORT": str(ports.free(1)[0]), setting: value})

    said, _ = refused.communicate(timeout=PATIENCE)

    assert refused.returncode == 2
    assert said.startswith(sentence)
    assert len(said.splitlines()) == 1


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
