"""The run that redeploys the integration solution while everything else waits safely."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractBaseUser

from connections import deployment, integration_user, redeploy, sales_status, setup
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.models import Company, Redeployment, SignIn
from connections.preflight import Checks
from connections.redeploy import AssignRole, ImportSolution, SolutionState
from connections.solution.manifest import shown
from connections.solution.package import Package
from connections.solution_host import SolutionHost
from connections.terms import RedeployResult
from syncjobs import clock, leases, pausing, queue, redeploy_outcomes
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.leases import BusyError, StaleWorkerError
from syncjobs.models import JobQueueEntry, Run
from syncjobs.progress import RunProgress, WorkerStoppingError
from syncjobs.terms import JobStatus, RunStatus

JOB = "redeploy_solution"
DESCRIPTION = "Redeploy Integration Solution"
CATEGORY = "REDEPLOY"
STEP_NAMES = (  # C-0704
    "Check",
    "Pause job queue entries",
    "Import the solution",
    "Publish customizations",
    "Ensure security roles",
    "Assign security roles",
    "Verify permissions",
    "Resume job queue entries",
)
STEPS = len(STEP_NAMES)
ALIVE = (JobStatus.READY, JobStatus.WAITING, JobStatus.IN_PROCESS)
SELLERS = "Give the role {} to the sellers who look at item availability; nobody got it here."
OTHER_IMPORT = ("Another import of a solution does not end.", Cause.OTHER_IMPORT)
AUDITING = "Look whether auditing is still on for {}: an import may switch it off."  # C-0709


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what."""

    quiet: timedelta = timedelta(minutes=5)  # for other runs to end
    turn: timedelta = timedelta(minutes=10)  # for another import to end
    done: timedelta = timedelta(hours=1)  # for ours to end
    look: float = 2.0  # seconds between two looks


def request(
    company: Company,
    *,
    now: datetime,
    user: AbstractBaseUser | None = None,
    force: bool = False,
    roles_only: bool = False,
) -> Run:
    """Redeploy as soon as a worker is free; refuse a second one at the same time (C-0706)."""
    deployment.identity_of(company)
    check_idle(company)
    return queue.enqueue(
        company,
        JOB,
        description=DESCRIPTION,
        now=now,
        parameters={"force": force, "roles_only": roles_only},
        user=user,
        category=CATEGORY,  # should two get here at the same moment, one waits for the other
    )


def redeploy_solution(request: JobRequest, progress: RunProgress) -> JobReport:
    """Redeploy as the stored deployment identity; parameters: force, roles_only."""
    given = request.parameters
    run(
        request.company,
        deployment.identity_of(request.company),
        progress=progress,
        force=bool(given.get("force", False)),
        roles_only=bool(given.get("roles_only", False)),
    )
    return Done()


def run(
    company: Company,
    identity: SignIn,
    *,
    progress: RunProgress,
    force: bool = False,
    roles_only: bool = False,
    patience: Patience | None = None,
) -> Redeployment:
    """Bring the environment to the package; entries go on as they were, however it ends.

    A worker that is asked to stop, or was taken over, leaves the entries to the next one.
    """
    with leases.hold(f"{CATEGORY}:{company.pk}", leases.me(), busy=_busy(company, None)):
        record = _taken_up(company, progress)
        redeploying = _Redeploying(company, record, progress, patience or Patience())
        try:
            redeploying.take_steps(identity, force=force, roles_only=roles_only)
        except (StaleWorkerError, WorkerStoppingError):
            raise
        except BaseException as error:
            redeploying.resume()
            redeploy_outcomes.end(record, **redeploy_outcomes.of_error(error))
            raise
        redeploying.resume()
        redeploy_outcomes.end(record, result=redeploy_outcomes.result_of(record))
        _note_what_is_there(company)
        return record


def _note_what_is_there(company: Company) -> None:
    """Let the page of the Sales set-up show the version that is installed now (C-0613)."""
    if setup.has_sales(company):
        with suppress(IntegrationError):
            sales_status.refresh(company, now=clock.now())


def check_idle(company: Company) -> None:
    """Refuse a second redeploy, and name the run of the first."""
    alive = JobQueueEntry.objects.filter(company=company, job=JOB, status__in=ALIVE).first()
    if alive is not None:
        raise BusyError(_busy(company, alive.runs.order_by("-pk").first()))


def _busy(company: Company, run: Run | None) -> str:
    where = f" Its run is {run.pk}." if run else ""
    return f"The integration solution of {company} is being redeployed already.{where}"


def _taken_up(company: Company, progress: RunProgress) -> Redeployment:
    """Return the redeploy that a worker left behind, to be gone on with; else a new one.

    An import that was begun and not seen to its end goes over to the new one.
    """
    last = Redeployment.objects.filter(company=company).first()
    if last is not None and last.result == RedeployResult.IN_PROCESS:
        record = last
    else:
        record = Redeployment(company=company, started_at=clock.now())
        if last is not None:
            record.import_job_id, record.operation_id = last.import_job_id, last.operation_id
    record.run_id = progress.run_id
    record.problems = []
    record.save()
    return record


class _Redeploying:
    """One redeploy on its way: each step is told to the run and kept with the record."""

    def __init__(
        self, company: Company, record: Redeployment, progress: RunProgress, patience: Patience
    ) -> None:
        self.company = company
        self.record = record
        self.progress = progress
        self.patience = patience

    def take_steps(self, identity: SignIn, *, force: bool, roles_only: bool) -> None:
        package = deployment.package_of(self.company)
        row = setup.dataverse_setup(self.company)
        client = setup.dataverse_as(identity, row, check=self.progress.check)
        try:
            self.host = SolutionHost(client)
            self.checks = Checks(self.company, self.host, package)
            state = self.check(package)
            options = {"force": force, "roles_only": roles_only}
            imports = _imports(state, package, **options)
            # An import that a lost worker began is seen to its end, whatever is planned now.
            if imports and self.record.import_job_id is None:
                self.await_turn()
            self.pause()
            if has_begun := self.take_up():
                imports = _imports(self.checks.read(), package, **options)
            for found, reason in imports:
                self.bring(found, reason)
            if imports or has_begun:
                self.publish(package)
            state = self.ensure(package)
            refused = self.assign(state, package)
            self.verify(package, refused)
            self.progress.start(f"{STEPS} of {STEPS}: {STEP_NAMES[-1]}", 0)
        finally:
            client.close()

    # 1 check

    def check(self, package: Package) -> SolutionState:
        """Pre-flight (C-0703): nothing was touched yet when this refuses."""
        self._begin(1, "Check")
        manifest, record = package.manifest, self.record
        state = self.checks.take()
        record.signed_in_as = self.checks.signed_in_as[:250]
        record.solution = manifest.unique_name
        record.from_version = record.from_version or shown(state.installed)
        record.to_version = shown(manifest.version)
        self._told(f"Signed in as {record.signed_in_as}; {record.from_version} is there.")
        return state

    def await_turn(self) -> None:
        """Wait for the import of another solution to end while job queue entries still run."""
        ends = clock.now() + self.patience.turn
        while self.host.is_importing():
            self._wait(ends, *OTHER_IMPORT)

    # 2 pause, 8 resume

    def pause(self) -> None:
        """Put entries on hold; how they were is kept first, so that nobody forgets them."""
        self._begin(2, "Pause job queue entries")
        known = [item["entry"] for item in self.record.paused]
        found = pausing.find(self.company, spare=JOB, known=known)
        self.record.paused = [*self.record.paused, *found]
        self.record.save(update_fields=["paused"])
        self.progress.at("paused")
        count = pausing.pause(found)
        ends = clock.now() + self.patience.quiet
        while not pausing.is_quiet(self.company, apart_from=self.progress.run_id, now=clock.now()):
            self._wait(ends, "Another run of this company does not end.")
        self._told(f"{count} job queue entries wait.")

    def resume(self) -> None:
        """Let the entries go on exactly as they were."""
        count = pausing.resume(self.record.paused, now=clock.now())
        self.record.paused = []
        self.record.steps = [*self.record.steps, [STEPS, f"{count} job queue entries go on."]]
        self.record.save(update_fields=["paused", "steps"])

    # 3 import, 4 publish

    def bring(self, package: Package, reason: str) -> None:
        """Import a package and wait for its end."""
        manifest, record = package.manifest, self.record
        self._begin(3, f"Import {manifest.unique_name}", total=100)
        record.import_job_id, record.operation_id = uuid4(), None
        record.save(update_fields=["import_job_id"])
        self.progress.at("import noted")
        record.operation_id = self._begun(package, record.import_job_id)
        record.save(update_fields=["operation_id"])
        self.progress.at("import begun")
        self._see_to_its_end(record.import_job_id)
        version = shown(manifest.version)
        self._told(f"{manifest.unique_name} {version} was imported. {reason}")

    def take_up(self) -> bool:
        """See an import that a lost worker began to its end; False if none had begun."""
        job = self.record.import_job_id
        if job is None or not self.host.has_job(job):
            return False
        self._begin(3, STEP_NAMES[2], total=100)
        self._see_to_its_end(job)
        self._told("An import that had begun already has ended.")
        return True

    def _see_to_its_end(self, job: UUID) -> None:
        failure = self._followed(job)
        self.record.import_job_id = self.record.operation_id = None
        self.record.save(update_fields=["import_job_id", "operation_id"])
        if failure:
            message = f"The import failed. {failure}"
            raise ConfigurationError(message, cause=Cause.IMPORT_FAILED)

    def _begun(self, package: Package, job: UUID) -> UUID | None:
        """Begin the import, after others have ended."""
        ends = clock.now() + self.patience.turn
        while True:
            try:
                return self.host.begin(package.content, job)
            except TransientError as error:
                if error.cause != Cause.OTHER_IMPORT:
                    raise
            self._wait(ends, *OTHER_IMPORT)

    def _followed(self, job: UUID) -> str:
        """Look until the import has ended; return why it failed, or nothing."""
        ends = clock.now() + self.patience.done
        while not (seen := self.host.look(job, self.record.operation_id)).finished:
            self.progress.advance(round(seen.progress))
            self._wait(ends, "The import does not end.")
        self.progress.advance(100)
        return seen.failure

    def publish(self, package: Package) -> None:
        self._begin(4, "Publish customizations")
        self.host.publish()
        setup.forget_tables(setup.dataverse_setup(self.company))
        tables = [table for one in package.manifest.chain for table in one.tables]
        self._told(f"Published. {AUDITING.format(', '.join(tables))}")

    # 5 ensure, 6 assign, 7 verify

    def ensure(self, package: Package) -> SolutionState:
        self._begin(5, "Ensure integration user and security roles")
        state = self.checks.read()
        if state.without_user:
            row = setup.dataverse_setup(self.company)
            self._told(integration_user.create(self.host.client, row))
            state = self.checks.read()
        roles = [role for one in package.manifest.chain for role in one.roles]
        names = [role.name for role in roles if state.deployed(role)]
        self._told(f"There: {', '.join(names) or 'no role of the package'}.")
        return state

    def assign(self, state: SolutionState, package: Package) -> dict[str, str]:
        """Give the roles; return why some could not be given, by role."""
        planned = redeploy.plan_redeploy(state, package.manifest, roles_only=True)
        steps = [step for step in planned if isinstance(step, AssignRole)]
        self._begin(6, "Assign security roles", total=len(steps))
        refused: dict[str, str] = {}
        for number, step in enumerate(steps, 1):
            self.progress.check()
            try:
                self.host.assign(step.role, step.to)
            except TransientError:
                raise
            except IntegrationError as error:
                refused[step.role.name] = error.message
            self.progress.advance(number)
        given = [f"{s.role.name} to the {s.to}" for s in steps if s.role.name not in refused]
        self._told(f"Given: {'; '.join(given) or 'nothing, all had their roles'}.")
        return refused

    def verify(self, package: Package, refused: dict[str, str]) -> None:
        self._begin(7, "Verify permissions")
        state = self.checks.read()
        missing = list(redeploy.shortfalls(state, package.manifest))
        self.record.problems = [
            [found.name, f"{found.sentence} {refused.get(found.name, '')}".strip(), found.cause]
            for found in missing
        ]
        for _, sentence, _ in self.record.problems:
            self.progress.log(sentence)
        sellers = [r.name for r in package.manifest.roles if not redeploy.is_assigned(r)]
        reminder = SELLERS.format(", ".join(sellers)) if sellers else ""
        complete = "All roles and privileges are there." if not missing else "Something is missing."
        self._told(f"{complete} {reminder}".strip())

    # Telling

    def _begin(self, number: int, step: str, total: int = 0) -> None:
        self.progress.check()
        self.progress.start(f"{number} of {STEPS}: {step}", total)
        self.step = number

    def _told(self, sentence: str) -> None:
        self.progress.log(sentence)
        self.record.steps = [*self.record.steps, [self.step, sentence]]
        self.record.save()

    def _wait(self, ends: datetime, sentence: str, cause: Cause = Cause.TIME_OUT) -> None:
        if clock.now() >= ends:
            message = f"{sentence} Redeploy again later; it goes on where it stopped."
            raise TransientError(message, cause=cause)
        self.host.client.wait(self.patience.look)


def _imports(
    state: SolutionState, package: Package, *, force: bool, roles_only: bool
) -> list[tuple[Package, str]]:
    """Return the packages that are to be imported, in order, each with the reason."""
    target = package.manifest
    steps = redeploy.plan_redeploy(state, target, force=force, roles_only=roles_only)
    by_name = {one.manifest.unique_name: one for one in package.chain}
    return [(by_name[s.solution], s.reason) for s in steps if isinstance(s, ImportSolution)]


def is_unfinished(record: Redeployment) -> bool:
    """Whether a redeploy was left by a worker, and nobody goes on with it."""
    if record.result != RedeployResult.IN_PROCESS or record.run_id is None:
        return False
    sign_of_life = clock.now() - leases.length()
    alive = Run.objects.filter(
        pk=record.run_id, status=RunStatus.IN_PROCESS, heartbeat_at__gt=sign_of_life
    ).exists()
    entries = JobQueueEntry.objects.filter(company=record.company_id, job=JOB, status__in=ALIVE)
    return not alive and not entries.exists()
