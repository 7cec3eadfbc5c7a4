"""How long pages take at volume: `python -m benchmarks.pages` prints each page against its budget.

It fills a database of its own (SQLite in a temporary folder, or that of DATABASE_URL, which must
be empty) and asks the console's pages through Django's test client, templates and all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import NamedTuple

BUDGET_MS, SEARCH_BUDGET_MS = 300, 1_000


class Volume(NamedTuple):
    couplings: int = 200_000
    errors: int = 50_000
    jobs: int = 1_000_000
    runs: int = 200_000


class Page(NamedTuple):
    address: str
    budget: int = BUDGET_MS


class Timing(NamedTuple):
    page: Page
    milliseconds: list[float]
    cpu: float  # milliseconds of it a page; what is left is waiting, for the disk or for others
    queries: int
    kilobytes: int

    @property
    def p95(self) -> float:
        return quantiles(self.milliseconds, n=20)[-1]


LISTS = (
    "/",
    "/mappings/",
    "/couplings/",
    "/couplings/?page=3000",
    "/couplings/?sort=-business_central_key",
    "/couplings/?mapping=VENDOR&view=failed",
    "/couplings/?view=skipped",
    "/couplings/?view=owed",
    "/coupled-data-errors/",
    "/coupled-data-errors/?mapping=CUSTOMER&sort=business_central_key",
    "/option-errors/",
    "/pending-couplings/",
    "/errors/",
    "/errors/?days=30&mapping=CUSTOMER",
    "/errors/all/",
    "/errors/all/?view=warnings",
    "/errors/all/?view=all&cause=value_too_long&sort=record_name",
    "/errors/all/?mapping=CUSTOMER&page=700",
    "/synch-jobs/",
    "/synch-jobs/?page=15000",
    "/synch-jobs/?view=failed",
    "/synch-jobs/?view=busy&mapping=CONTACT",
    "/synch-jobs/?view=running",
    "/synch-jobs/?mapping=CUSTOMER&direction=ToIntegrationTable",
    "/synch-jobs/?type=Uncoupling",
    "/job-queue/",
    "/runs/",
    "/runs/?page=1500",
    "/runs/?view=failed",
    "/runs/?mapping=CUSTOMER",
)
SEARCHES = (
    "/couplings/?q=Adatum",
    "/couplings/?q=nothing-has-this-name",
    "/couplings/?q=0190000",
    "/coupled-data-errors/?q=too+long",
    "/pending-couplings/?q=Contact",
    "/errors/?q=Adatum",
    "/errors/all/?q=nothing-has-this-name",
    "/runs/?q=nothing-has-this-name",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, print; 1 where a page is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=20, help="how often each page is asked")
    parser.add_argument("--part", type=float, default=1.0, help="of the volume, to try it quickly")
    asked = parser.parse_args(arguments)
    with console():
        volume = Volume(*(int(number * asked.part) for number in Volume()))
        began = perf_counter()
        cards = fill(volume)
        sys.stdout.write(f"{volume}, filled in {perf_counter() - began:.0f} s\n")
        pages = [Page(address) for address in (*LISTS, *cards)]
        pages += [Page(address, SEARCH_BUDGET_MS) for address in SEARCHES]
        over = 0
        for timing in measured(pages, asked.repeat):
            sys.stdout.write(line_of(timing))
            sys.stdout.flush()
            over += timing.p95 > timing.page.budget
    sys.stdout.write("Every page is within its budget.\n" if not over else f"{over} are over.\n")
    return 1 if over else 0


def line_of(timing: Timing) -> str:
    mark = "  OVER" if timing.p95 > timing.page.budget else ""
    return (
        f"{timing.page.address:62} median {median(timing.milliseconds):5.0f} ms, "
        f"p95 {timing.p95:5.0f} of {timing.page.budget:5}, cpu {timing.cpu:4.0f}, "
        f"{timing.queries:3} queries, {timing.kilobytes:3} kB{mark}\n"
    )


@contextmanager
def console() -> Iterator[None]:
    """Set the console up in a folder of its own, with its own Redis."""
    # Short, since the path of a socket may have a hundred characters only.
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "integration_admin.settings"
        import django

        django.setup()
        from django.core.management import call_command

        from integration_admin.embedded_redis import EmbeddedRedis

        redis = EmbeddedRedis(Path(folder))
        redis.start()
        try:
            call_command("migrate", verbosity=0)
            yield
        finally:
            redis.stop()


def fill(volume: Volume) -> list[str]:
    """Fill the database; return the addresses of cards."""
    from benchmarks import pages_past

    return pages_past.fill(volume.couplings, volume.errors, volume.jobs, volume.runs)


def measured(pages: Sequence[Page], repeat: int) -> Iterator[Timing]:
    """Ask each page so many times, as an administrator."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get(username="mira"))
    for page in pages:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(page.address, secure=True)
        if answer.status_code != 200:
            sys.stdout.write(f"{page.address}: status {answer.status_code}\n")
            continue
        asked, milliseconds, began_cpu = len(queries), [], process_time()
        for _ in range(repeat):
            began = perf_counter()
            client.get(page.address, secure=True)
            milliseconds.append((perf_counter() - began) * 1_000)
        cpu = (process_time() - began_cpu) * 1_000 / repeat
        yield Timing(page, milliseconds, cpu, asked, len(answer.content) // 1024)


if __name__ == "__main__":
    sys.exit(main())
