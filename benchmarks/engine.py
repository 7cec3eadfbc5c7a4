"""The engine in a process of its own: connects a company, or runs a mapping and tells the cost."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import django

from benchmarks.children import Costs, measured, order, strain
from benchmarks.recording import Recorder, RecordingAdapter
from benchmarks.sandbox import env_of


def connect(*, with_sales: bool) -> Costs:
    """Make the console's database, and set a company up as the integration user."""
    from django.core.management import call_command

    from connections import company_row, setup
    from connections.models import (
        BusinessCentralConnection,
        Company,
        DataverseConnectionSetup,
        SalesConnectionSetup,
    )
    from mappings.reset import use_default_synchronization_setup

    call_command("migrate", verbosity=0)
    env = env_of(Path(os.environ["VAR_DIR"]))
    sign_in = {
        "authority": env["SANDBOX_AUTHORITY"],
        "tenant": env["SANDBOX_TENANT"],
        "client_id": env["SANDBOX_INTEGRATION_CLIENT_ID"],
        "client_secret": env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    }
    with measured() as costs:
        company = Company.objects.create(
            name="CRONUS", business_central_id=UUID(env["SANDBOX_BC_COMPANY_ID"])
        )
        BusinessCentralConnection.objects.create(
            company=company, server_address=env["SANDBOX_BC_URL"], **sign_in
        )
        dataverse = DataverseConnectionSetup.objects.create(
            company=company, server_address=env["SANDBOX_DATAVERSE_URL"], is_enabled=True, **sign_in
        )
        SalesConnectionSetup.objects.create(company=company, is_enabled=with_sales)
        company_row.stamp(company, dataverse, setup.systems_of(company).dataverse)
        use_default_synchronization_setup(company)
    return costs


class Statements:
    """Counts SQL statements as they are executed, by their first words."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - Django's signature
        context: Any,
    ) -> Any:
        self.counts[" ".join(str(sql).split()[:4])[:60]] += 1
        return execute(sql, params, many, context)


class Pages:
    """Progress that counts the pages that were remembered."""

    def __init__(self) -> None:
        self.pages = 0

    def start(self, step: str, total: int) -> None: ...

    def advance(self, done: int) -> None:  # noqa: ARG002
        self.pages += 1

    def log(self, text: str) -> None: ...

    def check(self) -> None: ...

    def confirm(self) -> None: ...

    def at(self, point: str) -> None: ...


def synchronize(
    *, mapping: str, mode: str, direction: str | None = None, record: str | None = None
) -> Costs:
    """Synchronize a mapping; count pages and SQL statements, and note requests if asked to."""
    from django.db import connection

    from connections import setup
    from connections.models import Company
    from mappings.terms import Direction
    from syncjobs.models import SynchJob
    from syncjobs.runs.synchronize import synchronize_mapping
    from syncjobs.terms import Mode

    known = list(SynchJob.objects.values_list("pk", flat=True))
    statements, progress = Statements(), Pages()
    directions = None if direction is None else (Direction(direction),)
    recorder = Recorder(Path(record)) if record else None
    with connection.execute_wrapper(statements), measured() as costs:
        company = Company.objects.get()
        systems = setup.systems_of(company)
        if recorder is not None:
            for system in (systems.business_central, systems.dataverse):
                _listen(system.client, recorder)
        synchronize_mapping(
            company,
            mapping,
            mode=Mode(mode),
            directions=directions,
            confirmed=True,
            progress=progress,
            systems=systems,
        )
    if recorder is not None:
        recorder.close()
    costs.figures = {
        "counts": _counted(known),
        "pages": progress.pages,
        "statements": statements.counts.total(),
        "strain": strain(),
        "by_statement": dict(statements.counts.most_common()),
    }
    return costs


def _counted(known: list[UUID]) -> dict[str, int]:
    """Return what the new synch. jobs counted: price lists bring a job of their prices along."""
    from django.db.models import Sum

    from syncjobs.models import SynchJob
    from syncjobs.terms import Action

    sums = {action: Sum(action.value.lower()) for action in Action if action}
    found = SynchJob.objects.exclude(pk__in=known).aggregate(
        **{action.value: total for action, total in sums.items()}
    )
    return {name: number for name, number in found.items() if number}


def _listen(client: Any, recorder: Recorder) -> None:
    client._session.mount("https://", RecordingAdapter(recorder, client.pool))


def main() -> None:
    """Do what the parent asked for."""
    asked = order()
    django.setup()
    verbs: dict[str, Callable[..., Costs]] = {"connect": connect, "synchronize": synchronize}
    costs = verbs[asked.pop("verb")](**asked)
    costs.tell()


if __name__ == "__main__":
    main()
