"""A company with a long past, written in bulk: what `benchmarks.pages` looks at."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model

from connections.causes import Cause
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from mappings.models import Coupling, IntegrationTableMapping, OptionCoupling, PendingCoupling
from mappings.reset import use_default_synchronization_setup
from mappings.terms import CouplingKind, Direction, SynchResult
from syncjobs import activation
from syncjobs.models import JobQueueEntry, Run, SynchError, SynchJob
from syncjobs.terms import RunStatus

TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE
NAMES = ("Adatum Corporation", "Trey Research", "Relecloud", "Litware Design", "Proseware")
AGREED = {"bc": {f"field{n}": "a value of usual length" for n in range(10)}, "dv": {}}
JOB_EVERY = 86_400 / 2_300  # seconds: 24 mappings, two directions, every half hour
RUN_EVERY = 40.0
BASE = 20_000  # rows that are made one by one; the older ones are their copies
AT_ONCE = 5_000
CAUSES = (
    (Cause.NOT_COUPLED, "The salesperson LT of the customer is not coupled with a user."),
    (Cause.VALUE_TOO_LONG, "The value of Phone No., 61 characters, is too long (50)."),
    (Cause.CONFLICT, "Both sides changed E-Mail since they last agreed."),
    (Cause.REFUSED, "Business Central refused the record: the VAT number is not valid."),
)


def fill(couplings: int, errors: int, jobs: int, runs: int) -> list[str]:
    """Fill the database; return the addresses of cards."""
    company, now = _company(), datetime.now(UTC)
    chance = random.Random(7)  # noqa: S311
    use_default_synchronization_setup(company)
    activation.create_default_entries(company, now=now)
    kinds = dict(IntegrationTableMapping.objects.values_list("name", "kind"))
    names = [name for name, kind in kinds.items() if kind == CouplingKind.RECORD]
    base = min(couplings, BASE)
    _write(Coupling, base, lambda n: _coupling(company, names, now, chance, n))
    _repeat(Coupling, couplings // base - 1)
    _write(PendingCoupling, errors // 100, lambda n: _pending(company, now, chance, n))
    _write(OptionCoupling, 200, lambda n: _option(company, chance, n))
    base = min(runs, BASE)
    _write(Run, base, lambda n: _run(company, names, now, n))
    _repeat(Run, runs // base - 1, base * RUN_EVERY)
    base, ids = min(jobs, BASE), list[UUID]()
    _write(SynchJob, base, lambda n: _job(company, names, now, chance, n, ids))
    _repeat(SynchJob, jobs // base - 1, base * JOB_EVERY)
    _write(SynchError, errors, lambda n: _error(company, names, now, chance, ids, n))
    return [
        f"/couplings/{Coupling.objects.filter(skipped=True)[0].pk}/",
        f"/mappings/{IntegrationTableMapping.objects.get(name='CUSTOMER').pk}/",
        f"/synch-jobs/{ids[0]}/",
        f"/runs/{Run.objects.first().pk}/",  # type: ignore[union-attr]
        f"/job-queue/{JobQueueEntry.objects.filter(mapping_name='CUSTOMER')[0].pk}/",
    ]


def _write(model: type[Model], count: int, make: Callable[[int], Model]) -> None:
    """Make the newest last, as they come in life; one statement, prepared once, for all."""
    fields = [field for field in model._meta.concrete_fields if not field.auto_created]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'  # noqa: S608
    rows = (
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        for row in map(make, range(count, 0, -1))
    )
    with transaction.atomic(), connection.cursor() as cursor:
        while some := list(islice(rows, AT_ONCE)):
            cursor.executemany(statement, some)


def _repeat(model: type[Model], times: int, seconds: float = 0) -> None:
    """Copy all rows so many times, each copy that much older: the database does it by itself."""
    fields = model._meta.concrete_fields
    columns = [field.column for field in fields if not field.auto_created]
    names = ", ".join(f'"{column}"' for column in columns)
    sqlite = connection.vendor == "sqlite"
    new_id = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    made = {
        **dict.fromkeys(("id", "business_central_id", "dataverse_id"), new_id),
        "started_at": "datetime(started_at, %s)" if sqlite else "started_at + %s::interval",
    }
    values = ", ".join(made.get(str(column), f'"{column}"') for column in columns)
    table = model._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'CREATE TEMPORARY TABLE originals AS SELECT * FROM "{table}"')  # noqa: S608
        for copy in range(1, times + 1):
            cursor.execute(
                f'INSERT INTO "{table}" ({names}) SELECT {values} FROM originals',  # noqa: S608
                [f"-{int(seconds * copy)} seconds"] if "started_at" in columns else [],
            )
        cursor.execute("DROP TABLE originals")


def _company() -> Company:
    company = Company.objects.create(
        name="CRONUS", business_central_id=uuid4(), dataverse_company_id=uuid4()
    )
    DataverseConnectionSetup.objects.create(company=company, is_enabled=True)
    SalesConnectionSetup.objects.create(company=company, is_enabled=True)
    User.objects.create_superuser("mira")
    return company


def _coupling(
    company: Company, names: list[str], now: datetime, chance: random.Random, number: int
) -> Coupling:
    at = now - timedelta(minutes=number)
    held = number % 200 == 0  # a thousand of 200,000
    result = SynchResult.FAILURE if number % 100 == 0 else SynchResult.SUCCESS
    return Coupling(
        company=company,
        mapping_name=names[number % len(names)],
        business_central_id=_id(chance),
        dataverse_id=_id(chance),
        business_central_key=f"{number:07}",
        name=f"{number:07} {NAMES[number % len(NAMES)]}",
        last_synch_modified_on=at,
        last_synch_crm_modified_on=at,
        last_synch_version=f'W/"{number}"',
        last_synch_crm_version=f'W/"{number}"',
        last_synch_result=SynchResult.SUCCESS,
        last_synch_crm_result=result,
        last_crm_error=CAUSES[1][1] if held else "",
        cause=CAUSES[1][0] if held else "",
        base=AGREED,
        skipped=held,
        skipped_at=at if held else None,
    )


def _pending(
    company: Company, now: datetime, chance: random.Random, number: int
) -> PendingCoupling:
    return PendingCoupling(
        company=company,
        mapping_name="CONTACT",
        direction=TO,
        record_id=_id(chance),
        name=f"Contact {number}",
        cause=CAUSES[0][0],
        message=CAUSES[0][1],
        skipped=number % 4 == 0,
        seen_at=now - timedelta(days=1),
        failed_at=now - timedelta(minutes=number),
    )


def _option(company: Company, chance: random.Random, number: int) -> OptionCoupling:
    return OptionCoupling(
        company=company,
        mapping_name="PAYMENT TERMS",
        business_central_id=_id(chance),
        business_central_key=f"{number}D",
        option_value=number,
        option_caption=f"{number} days",
        skipped=number % 4 == 0,
    )


def _run(company: Company, names: list[str], now: datetime, number: int) -> Run:
    at = now - timedelta(seconds=number * RUN_EVERY)
    lines = [[at.isoformat(), f"{line} of 1,311 records compared"] for line in range(20)]
    return Run(
        company=company,
        job="synchronize",
        mapping_name=names[number % len(names)],
        description=f"{names[number % len(names)]}: modified records",
        status=RunStatus.ERROR if number % 50 == 0 else RunStatus.SUCCESS,
        started_at=at,
        finished_at=at + timedelta(seconds=9),
        log=lines,
        error_message="Dataverse refused the sign-in." if number % 50 == 0 else "",
    )


def _job(
    company: Company,
    names: list[str],
    now: datetime,
    chance: random.Random,
    number: int,
    ids: list[UUID],
) -> SynchJob:
    at = now - timedelta(seconds=number * JOB_EVERY)
    is_busy, failed = number % 4 == 0, number % 20 == 0
    ids.append(_id(chance))
    return SynchJob(
        id=ids[-1],
        company=company,
        mapping_name=names[number // 2 % len(names)],
        direction=(TO, FROM)[number % 2],
        started_at=at,
        finished_at=at + timedelta(seconds=5),
        modified=chance.randint(1, 50) if is_busy else 0,
        inserted=chance.randint(0, 3) if is_busy else 0,
        unchanged=chance.randint(60, 1_200),
        failed=3 if failed else 0,
    )


def _error(
    company: Company,
    names: list[str],
    now: datetime,
    chance: random.Random,
    ids: list[UUID],
    number: int,
) -> SynchError:
    """A bad week: all of them fall into the seven days that the page shows first."""
    cause, message = CAUSES[0] if number % 3 else CAUSES[number // 3 % len(CAUSES)]
    warning = number % 10 == 0
    return SynchError(
        job_id=ids[-1 - number % min(len(ids), 16_000)],
        company=company,
        mapping_name=names[number // 2 % len(names)],
        direction=(TO, FROM)[number % 2],
        business_central_id=_id(chance),
        dataverse_id=_id(chance),
        record_name=f"{number:07} {NAMES[number % len(NAMES)]}",
        cause=Cause.VALUE_TRUNCATED if warning else cause,
        message="Address 2 was cut to 50 characters." if warning else message,
        warning=warning,
        logged_at=now - timedelta(seconds=number * 12),
    )


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
