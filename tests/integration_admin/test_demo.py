"""`make demo`: one command from nothing to a console that has synchronized."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from integration_admin import ports
from tests.integration_admin.console import PATIENCE, manage


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
