"""Shows the job queue, and starts, holds or restarts its entries."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from syncjobs import clock, queue
from syncjobs.models import JobQueueEntry
from syncjobs.queue import RunningError
from syncjobs.terms import Trigger


def _run_now(entry: JobQueueEntry) -> None:
    queue.run_now(entry, now=clock.now(), trigger=Trigger.COMMAND)


def _hold(entry: JobQueueEntry) -> None:
    queue.set_on_hold(entry, now=clock.now())


def _ready(entry: JobQueueEntry) -> None:
    queue.set_ready(entry, now=clock.now())


def _restart(entry: JobQueueEntry) -> None:
    queue.restart(entry, now=clock.now())


VERBS: dict[str, Callable[[JobQueueEntry], None]] = {
    "run-now": _run_now,
    "hold": _hold,
    "ready": _ready,
    "restart": _restart,
}


class Command(BaseCommand):
    requires_system_checks = ()
    help = "List the job queue, or run, hold, ready or restart the entries that are named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["list", *VERBS])
        parser.add_argument("ids", nargs="*", type=int, metavar="ID")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self, *_args: Any, verb: str, ids: list[int], as_json: bool, **_options: Any
    ) -> None:
        if verb == "list":
            entries = list(JobQueueEntry.objects.all())
        else:
            entries = [_entry(pk) for pk in ids]
            if not entries:
                message = f"Name the entries: manage.py job_queue {verb} ID…"
                raise CommandError(message, returncode=2)
            for entry in entries:
                _do(verb, entry)
        self._show(entries, as_json=as_json)

    def _show(self, entries: list[JobQueueEntry], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([_facts(entry) for entry in entries], indent=2))
            return
        for entry in entries:
            start = entry.earliest_start
            due = f"{start:%Y-%m-%d %H:%M:%S}" if start else "-"
            self.stdout.write(f"{entry.pk:5}  {entry.status:31}  {due:19}  {entry.description}")
            if entry.error_message:
                self.stdout.write(f"{'':7}{entry.error_message}")


def _entry(pk: int) -> JobQueueEntry:
    entry = JobQueueEntry.objects.filter(pk=pk).first()
    if entry is None:
        message = f"There is no job queue entry {pk}. See manage.py job_queue list."
        raise CommandError(message, returncode=2)
    return entry


def _do(verb: str, entry: JobQueueEntry) -> None:
    try:
        VERBS[verb](entry)
    except RunningError as error:
        raise CommandError(str(error), returncode=2) from error
    entry.refresh_from_db()


def _facts(entry: JobQueueEntry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "job": entry.job,
        "mapping": entry.mapping_name,
        "description": entry.description,
        "status": entry.status,
        "earliest_start": entry.earliest_start.isoformat() if entry.earliest_start else None,
        "attempts": entry.attempts,
        "category": entry.category,
        "error": entry.error_message,
    }
