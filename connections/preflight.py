"""What must hold before a redeploy pauses or changes anything (C-0703)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from connections import deployment, health, setup, solution_reading
from connections.administration_mode import check_open
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.health import Finding, State
from connections.models import Company, SignIn
from connections.redeploy import HolderKind, SolutionState
from connections.solution.manifest import shown
from connections.solution.package import Package
from connections.solution_host import SolutionHost
from connections.systems import Side

SIGN_IN, ADMINISTRATOR = "Sign-in", "System Administrator"
Look = tuple[str, Callable[[], str]]


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found; `state` is what Dataverse holds, where it could be read."""

    findings: tuple[Finding, ...]
    state: SolutionState | None

    @property
    def in_the_way(self) -> list[Finding]:
        """Return what keeps a redeploy from starting; another import is waited for."""
        return [one for one in self.findings if one.state in (State.WRONG, State.UNKNOWN)]


class Checks:
    """The checks of a redeploy as whoever signs in; each says how it is, or raises what is wrong.

    The redeploy takes the same ones as its first step, whatever a page showed before.
    """

    def __init__(self, company: Company, host: SolutionHost, package: Package) -> None:
        self.company = company
        self.host = host
        self.package = package
        self.signed_in_as = ""
        self.state: SolutionState | None = None

    def take(self) -> SolutionState:
        """Take them all, up to the first that is wrong; return what Dataverse holds."""
        for _, find in self.all():
            find()
        return self.state or self.read()

    def read(self) -> SolutionState:
        """Read what Dataverse holds now of the package, and who has its roles."""
        row, target = setup.dataverse_setup(self.company), self.package.manifest
        return solution_reading.state_through(self.host.client, self.company, row, target)

    def all(self) -> Iterator[Look]:
        yield SIGN_IN, self.sign_in
        yield "Administration mode", lambda: check_open(self.host.client)
        yield ADMINISTRATOR, self.administrator
        yield "Package", self.generation
        yield "Integration user", self.user

    def sign_in(self) -> str:
        self.host.client.get("WhoAmI")
        return "Dataverse answers and accepts the sign-in."

    def administrator(self) -> str:
        self.signed_in_as = self.host.check_administrator()
        return "Who signs in is System Administrator."

    def generation(self) -> str:
        for solution in self.package.manifest.chain:
            self.host.check_generation(solution)
        return f"Version {shown(self.package.manifest.version)} fits the environment."

    def user(self) -> str:
        self.state = self.read()
        if any(holder.kind == HolderKind.USER for holder in self.state.holders):
            return "The integration user exists."
        if not self.state.without_user:  # a person's account is not made
            message = "The integration user does not exist in Dataverse."
            raise ConfigurationError(message, cause=Cause.USER_NONE)
        return "The integration user does not exist yet; it will be created."

    def other_import(self) -> str:
        """Say that no solution is being imported; the redeploy itself waits for that."""
        if self.host.is_importing():
            message = "A solution is being imported into this environment."
            raise TransientError(message, cause=Cause.OTHER_IMPORT)
        return "No other solution is being imported."


def look(company: Company, identity: SignIn) -> Preflight:
    """Look as who will redeploy; nothing is changed."""
    client = None
    try:
        client = setup.dataverse_as(identity, setup.dataverse_setup(company), timing=IMPATIENT)
        checks = Checks(company, SolutionHost(client), deployment.package_of(company))
        return Preflight(tuple(_findings(checks)), checks.state)
    except IntegrationError as error:
        return Preflight((health.refused(SIGN_IN, error),), None)
    finally:
        if client is not None:
            client.close()


def _findings(checks: Checks) -> Iterator[Finding]:
    for name, find in checks.all():
        try:
            yield Finding(Side.DATAVERSE, name, State.HEALTHY, find())
        except IntegrationError as error:
            yield health.refused(name, error)
            if name in (SIGN_IN, ADMINISTRATOR):
                return  # who may not look sees nothing more
    try:
        yield Finding(Side.DATAVERSE, "Other imports", State.HEALTHY, checks.other_import())
    except IntegrationError as error:
        found = health.refused("Other imports", error)
        waits = error.cause == Cause.OTHER_IMPORT
        yield replace(found, state=State.ATTENTION) if waits else found
