"""Starts an RQ worker that runs job queue entries."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import django_rq
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from redis.exceptions import ConnectionError as RedisConnectionError

from syncjobs.worker import BellWorker


class Command(BaseCommand):
    requires_system_checks = ()  # a worker serves no pages
    help = "Run job queue entries, one at a time, until asked to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--burst", action="store_true", help="stop when nothing is left to do")
        parser.add_argument("--name", help="name of the worker; must be unique")

    def handle(self, *_args: Any, burst: bool, name: str | None, **_options: Any) -> None:
        queue = django_rq.get_queue("default", commit_mode="auto")
        try:
            worker = BellWorker(
                [queue],
                name=name,
                connection=queue.connection,
                serializer=queue.serializer,
                queue_class=type(queue),
            )
            connections.close_all()
            worker.work(burst=burst, logging_level="WARNING", with_scheduler=False)
        except RedisConnectionError as error:
            message = f"Redis does not answer: {error}. Start it, or set REDIS_URL."
            raise CommandError(message, returncode=2) from error
