"""Microsoft's own Python client creates the rows that the engine created in Dataverse."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient

from benchmarks.children import measured, order
from benchmarks.recording import recorded
from benchmarks.sandbox import env_of

AT_ONCE = 1000  # the client sends all it is given in one message; Microsoft advises 100 to 1,000


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows that the engine's bulk messages created."""
    bodies = [sent.body for sent in recorded(path) if sent.url.endswith("CreateMultiple")]
    return [row for body in bodies for row in json.loads(body)["Targets"]]


def main() -> None:
    """Create the rows of a recording."""
    rows = rows_of(Path(order()["record"]))
    env = env_of(Path(os.environ["VAR_DIR"]))
    credential = ClientSecretCredential(
        env["SANDBOX_TENANT"],
        env["SANDBOX_CLIENT_ID"],
        env["SANDBOX_CLIENT_SECRET"],
        authority=env["SANDBOX_AUTHORITY"],
        disable_instance_discovery=True,
    )
    created = 0
    with DataverseClient(env["SANDBOX_DATAVERSE_URL"], credential) as client, measured() as costs:
        for start in range(0, len(rows), AT_ONCE):
            created += len(client.records.create("account", rows[start : start + AT_ONCE]))
    costs.figures = {"created": created}
    costs.tell()


if __name__ == "__main__":
    main()
