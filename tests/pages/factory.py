"""A company with a believable past: mappings, couplings, jobs, errors, entries and runs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import Group, User

from connections.causes import Cause
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from integration_admin import tokens
from integration_admin.models import GuideRun, SavedView
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping, PendingCoupling
from mappings.reset import use_default_synchronization_setup
from mappings.terms import Direction, SynchResult
from syncjobs import activation
from syncjobs.models import (
    HealthCheck,
    HealthReport,
    JobQueueEntry,
    Lease,
    MassChange,
    PlannedChange,
    PlannedRun,
    Run,
    SynchError,
    SynchJob,
)
from syncjobs.scheduler import LEASE
from syncjobs.terms import JobStatus, RunStatus, Trigger

PASSWORD = "correct horse battery staple"  # noqa: S105 - of the tests' users only
NAMES = (
    "Adatum Corporation",
    "Trey Research",
    "School of Fine Art",
    "Alpine Ski House",
    "Relecloud",
    "Fabrikam Residences",
    "Northwind Traders",
    "Contoso Pharmaceuticals",
    "Litware Design",
    "Proseware Gardens",
)
TO, FROM = Direction.TO_INTEGRATION_TABLE, Direction.FROM_INTEGRATION_TABLE


def make_user(role: Role | None, name: str = "") -> User:
    """Make somebody with a role, or with none."""
    user = User.objects.create_user(name or (role or "nobody").lower(), password=PASSWORD)
    if role is not None:
        user.groups.add(Group.objects.get(name=role.value))
    return user


def make_company(name: str = "CRONUS") -> Company:
    """Make a company that is connected with an environment."""
    company = Company.objects.create(
        name=name,
        display_name=f"{name} International Ltd.",
        business_central_id=uuid4(),
        dataverse_company_id=uuid4(),
        local_currency_code="GBP",
    )
    BusinessCentralConnection.objects.create(
        company=company,
        tenant="cronus.example",
        client_id=str(uuid4()),
        server_address="https://api.businesscentral.dynamics.com/v2.0/cronus.example/Production",
        web_client_url="https://businesscentral.dynamics.com/cronus.example/Production",
    )
    DataverseConnectionSetup.objects.create(
        company=company,
        is_enabled=True,
        tenant="cronus.example",
        client_id=str(uuid4()),
        server_address="https://cronus.crm4.dynamics.com",
        web_client_url="https://cronus.crm4.dynamics.com",
        integration_user_name="bc-integration@cronus.example",
        business_unit_name="CRONUS International Ltd.",
    )
    SalesConnectionSetup.objects.create(company=company, is_enabled=True)
    return company


@dataclass(slots=True)
class Past:
    """Fills a company with what pages show; the same seed gives the same past."""

    company: Company
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311

    def mappings(self) -> None:
        """Make the default mappings and their entries."""
        use_default_synchronization_setup(self.company)
        activation.create_default_entries(self.company, now=self.now)

    def mapping(self, name: str = "CUSTOMER") -> IntegrationTableMapping:
        return IntegrationTableMapping.objects.get(company=self.company, name=name)

    def couplings(self, count: int, mapping_name: str = "CUSTOMER") -> list[Coupling]:
        """Couple so many records."""
        rows = []
        for number in range(count):
            at = self.now - timedelta(minutes=number % 600)
            rows.append(
                Coupling(
                    company=self.company,
                    mapping_name=mapping_name,
                    business_central_id=self._id(),
                    dataverse_id=self._id(),
                    business_central_key=str(10_000 + number * 10),
                    name=f"{NAMES[number % len(NAMES)]}{'' if number < 10 else f' {number}'}",
                    last_synch_modified_on=at,
                    last_synch_crm_modified_on=at,
                    last_synch_version=f'W/"{number}"',
                    last_synch_crm_version=f'W/"{number}"',
                    last_synch_result=SynchResult.SUCCESS,
                    last_synch_crm_result=SynchResult.SUCCESS,
                )
            )
        return Coupling.objects.bulk_create(rows)

    def skip(self, rows: list[Coupling], cause: Cause, message: str) -> None:
        """Hold couplings back, as after the same error twice."""
        for row in rows:
            row.last_synch_crm_result = SynchResult.FAILURE
            row.last_crm_error = message
            row.cause = cause
            row.skipped, row.skipped_at = True, self.now - timedelta(minutes=17)
        fields = ("last_synch_crm_result", "last_crm_error", "cause", "skipped", "skipped_at")
        Coupling.objects.bulk_update(rows, fields)

    def pending(self, count: int) -> None:
        """Park so many records that have no partner yet."""
        PendingCoupling.objects.bulk_create(
            PendingCoupling(
                company=self.company,
                mapping_name="CONTACT",
                direction=TO,
                record_id=self._id(),
                name=f"Contact {number}",
                cause=Cause.NOT_COUPLED,
                message="The company of the contact, 10000, is not coupled.",
                attempts=2,
                skipped=number % 4 == 0,
                seen_at=self.now - timedelta(hours=2),
                failed_at=self.now - timedelta(minutes=number),
            )
            for number in range(count)
        )

    def run(self, name: str, at: datetime, status: RunStatus = RunStatus.SUCCESS) -> Run:
        """Make a run of a mapping."""
        entry = JobQueueEntry.objects.filter(company=self.company, mapping_name=name).first()
        over = status not in (RunStatus.WAITING, RunStatus.IN_PROCESS)
        return Run.objects.create(
            company=self.company,
            entry=entry,
            job="synchronize",
            mapping_name=name,
            description=entry.description if entry else f"{name}: modified records",
            trigger=Trigger.SCHEDULE,
            status=status,
            started_at=at,
            finished_at=at + timedelta(seconds=9) if over else None,
            log=[[at.isoformat(), f"{name}: 39 records have changed"]],
        )

    def job(self, name: str, way: Direction, at: datetime, **counts: int) -> SynchJob:
        """Make a finished synch. job with its counters."""
        return SynchJob.objects.create(
            company=self.company,
            run=self.run(name, at),
            mapping_name=name,
            direction=way,
            started_at=at,
            finished_at=at + timedelta(seconds=self.chance.randint(1, 12)),
            **counts,
        )

    def errors(
        self, job: SynchJob, count: int, cause: Cause, message: str, *, warning: bool = False
    ) -> list[SynchError]:
        """Let so many records of a job fail."""
        rows = [
            job.error(
                business_central_id=self._id(),
                record_name=f"{10_000 + number * 10} {NAMES[number % len(NAMES)]}",
                cause=cause,
                message=message,
                warning=warning,
                logged_at=job.started_at,
            )
            for number in range(count)
        ]
        return SynchError.objects.bulk_create(rows)

    def day(self, hours: int = 24) -> None:
        """Let a day go by: jobs of several mappings, busiest of late."""
        for back in range(hours):
            at = self.now - timedelta(hours=back, minutes=3)
            much = 60 if back < 4 else 24 if back < 9 else 6
            for name in ("CUSTOMER", "CONTACT", "VENDOR"):
                for way in (TO, FROM):
                    self.job(
                        name,
                        way,
                        at - timedelta(seconds=self.chance.randint(0, 90)),
                        inserted=self.chance.randint(0, much // 6),
                        modified=self.chance.randint(0, much),
                        unchanged=self.chance.randint(60, 1_200),
                        skipped=self.chance.randint(0, 1),
                    )

    def alive(self) -> None:
        """Let a scheduler be in charge."""
        Lease.objects.update_or_create(
            name=LEASE, defaults={"owner": "tests", "expires_at": self.now + timedelta(days=1)}
        )

    def everything(self, customers_coupled: int = 120, hours: int = 24) -> None:
        """Make all of it: what the pictures show."""
        self.alive()
        self.mappings()
        self.preview()
        customers = self.couplings(customers_coupled)
        self.couplings(customers_coupled * 2 // 3, "VENDOR")
        self.couplings(11, "SALESPEOPLE")
        self.couplings(5, "CURRENCY")
        too_long = "The value of Phone No., 61 characters, is too long for telephone1 (50)."
        self.skip(customers[3:6], Cause.VALUE_TOO_LONG, too_long)
        self.pending(6)
        self.day(hours)
        job = self.job(
            "CUSTOMER", TO, self.now, inserted=3, modified=36, unchanged=1_142, failed=18
        )
        salesperson = "Salesperson LT of the customer is not coupled with a user in Sales."
        self.errors(job, 15, Cause.NOT_COUPLED, salesperson)
        self.errors(job, 3, Cause.VALUE_TOO_LONG, too_long)
        job = self.job("CONTACT", FROM, self.now - timedelta(minutes=40), modified=5, failed=4)
        changed = "Both sides changed E-Mail since they last agreed; neither was overwritten."
        self.errors(job, 4, Cause.CONFLICT, changed)
        cut = "Address 2 was cut to 50 characters."
        self.errors(job, 2, Cause.VALUE_TRUNCATED, cut, warning=True)
        self._queue()
        self.health()
        self.token()
        self.guide()
        self.saved_view()
        self.mass_change()

    def preview(self, name: str = "CUSTOMER") -> PlannedRun:
        """Let somebody have looked at what a full synchronization would do."""
        run = self.run(name, self.now - timedelta(hours=5))
        Run.objects.filter(pk=run.pk).update(
            job="preview", entry=None, log=[], trigger=Trigger.PERSON,
            description=f"{name}: preview of full synchronization",
        )  # fmt: skip
        kinds = {"Insert": 23, "Change": 412, "Couple": 4, "Skip": 9, "Fail": 2, "Unchanged": 539}
        plan = PlannedRun.objects.create(
            run=run, mode="full", counts={str(TO): kinds}, would_change=412, is_stopped=True
        )
        city = ["City", "Oslo", "Bergen"]
        created = [[caption, "", "Adatum"] for caption in ("Name", "No.", "City", "E-mail", "Fax")]
        reason = "Salesperson LT of the customer is not coupled with a user in Sales."
        PlannedChange.objects.bulk_create(
            PlannedChange(
                plan=plan, direction=TO, kind=kind, record_name=f"{10_000 + number} {who}",
                business_central_id=self._id(), fields=fields, reason=why, cause=cause,
            )
            for number, who in enumerate(NAMES)
            for kind, fields, why, cause in (
                ("Change", [city, ["E-mail", "old@x.example", ""]], "", ""),
                ("Insert", created, "", ""),
                ("Fail", [], reason, Cause.NOT_COUPLED),
            )
        )  # fmt: skip
        return plan

    def mass_change(self) -> MassChange:
        """Let the guard have stopped a run that would have changed very much."""
        run = Run.objects.filter(company=self.company, mapping_name="VENDOR").latest("pk")
        return MassChange.objects.create(
            run=run, mapping_name="VENDOR", direction=TO, order={"mode": "modified"},
            records=61, coupled=80,
        )  # fmt: skip

    def saved_view(self, name: str = "Failed customers") -> SavedView:
        """Let somebody share a picture of the couplings."""
        user = User.objects.filter(username="robot").first() or make_user(None, "robot")
        picture = "mapping=CUSTOMER&view=failed"
        return SavedView.objects.create(
            user=user, list_name="couplings", name=name, picture=picture, is_shared=True
        )

    def health(self) -> None:
        """Let the health have been looked at: most is well, a role is missing since an hour."""
        role = "Dynamics 365 Business Central Integration User"
        found = (
            ("business-central", "Business Central", "Sign-in", "healthy", (), ""),
            ("dataverse", "Dataverse", "Certificate", "healthy", (), ""),
            ("solution", "Dataverse", "Roles and privileges", "wrong", (role,), "E-ROLES"),
            ("limits", "Dataverse", "Service limits", "attention", (), "E-THROTTLED"),
            ("database", "Console", "Database", "healthy", (), ""),
        )
        for position, (group, side, name, state, names, code) in enumerate(found):
            HealthCheck.objects.create(
                company=self.company, group=group, side=side, name=name, state=state,
                names=list(names), code=code, position=position, milliseconds=41,
                since=self.now - timedelta(hours=1), checked_at=self.now,
                sentence=f"The integration user lacks the security role {names[0]}."
                if names else f"{name}: what was found stands here.",
                cure="Redeploy the integration solution." if names else "",
            )  # fmt: skip
        for back in range(6, -1, -1):
            HealthReport.objects.create(
                company=self.company, checks=5, checked_at=self.now - back * timedelta(minutes=30),
                state="wrong" if back < 3 else "healthy", wrong=[role] if back < 3 else [],
            )  # fmt: skip

    def token(self) -> None:
        """Let a program of somebody have a token."""
        tokens.create(make_user(None, "robot"), "Reporting", days=90, now=self.now)

    def guide(self) -> None:
        """Let somebody have gone through the guide to Dataverse."""
        began = self.now - timedelta(days=12)
        GuideRun.objects.create(
            company=self.company,
            guide="dataverse",
            started_at=began,
            finished_at=began + timedelta(minutes=2),
            answers={"first_synchronization": {"first": "later"}},
            position=4,
            steps=[[1, "Save the set-ups", "Saved: Dataverse Connection Setup."]],
            result=GuideRun.Result.DONE,
        )

    def _queue(self) -> None:
        entries = JobQueueEntry.objects.filter(company=self.company)
        entries.filter(mapping_name="VENDOR").update(
            status=JobStatus.ERROR,
            attempts=10,
            error_message="Dataverse refused the sign-in of the integration user (AADSTS7000215).",
        )
        entries.filter(mapping_name="CONTACT").update(status=JobStatus.IN_PROCESS, attempts=1)
        run = self.run("CONTACT", self.now - timedelta(seconds=48), RunStatus.IN_PROCESS)
        run.step, run.done, run.total = "CONTACT, to Sales", 820, 1_311
        run.step_started_at = run.heartbeat_at = run.started_at
        run.log.append([run.started_at.isoformat(), "820 of 1,311 records compared, 38 modified"])
        run.save()

    def _id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)
