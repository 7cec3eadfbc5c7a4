"""Everything one sandbox holds: its rows, its three systems, its switches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox import identities, seeds, tls
from sandbox.business_central import base as business_central_base
from sandbox.business_central.service import BusinessCentral
from sandbox.control.faults import Fault, SettingError
from sandbox.control.limits import Limits
from sandbox.control.statistics import Statistics
from sandbox.dataverse import base, solutions
from sandbox.dataverse.service import Dataverse
from sandbox.entra.service import Entra
from sandbox.entra.tokens import Tokens
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE, Store


@dataclass(frozen=True, slots=True)
class Addresses:
    """Public origins; every link in an answer is built from them."""

    entra: str
    dataverse: str
    bc: str
    control: str

    @property
    def bc_root(self) -> str:
        return f"{self.bc}/v2.0/{identities.TENANT}/{identities.ENVIRONMENT}"


class World:
    """One sandbox."""

    def __init__(self, directory: Path, addresses: Addresses, seed: str = "empty") -> None:
        self.directory = directory
        self.addresses = addresses
        self.papers = tls.papers(directory)
        self.secrets = identities.load_secrets(directory)
        self.store = Store(directory / "sandbox.db")
        self.tokens = Tokens(self.papers.signing_key, addresses.entra)
        resources = frozenset({addresses.dataverse, identities.BC_RESOURCE})
        certificate = self.papers.client_certificate
        self.entra = Entra(self.tokens, self.secrets, certificate, resources)
        self.dataverse = Dataverse(self.store)
        self.business_central = BusinessCentral(self.store)
        self.limits = Limits()
        self.statistics = Statistics()
        self.faults: list[Fault] = []
        if self.store.get_meta("seed") is None:
            self.reset({DATAVERSE: seed, BUSINESS_CENTRAL: seed}, 1)

    def reset(self, chosen: dict[str, str], scale: float, without: tuple[str, ...] = ()) -> None:
        """Empty the systems named and fill them again; faults, limits and clocks go back too.

        Dataverse is then without the solutions named, as an environment that is set up anew.
        """
        self.faults, self.limits, self.statistics = [], Limits(), Statistics()
        self.tokens.lifetime = self.limits.token_lifetime_s
        self.dataverse.administration_mode = False
        self.store.offsets = {DATAVERSE: timedelta(0), BUSINESS_CENTRAL: timedelta(0)}
        with self.store.transaction():
            for system, seed in chosen.items():
                self._check_seed(seed)
                self.store.clear(system)
                if system == DATAVERSE:
                    self.dataverse.reload()
                    base.plant(self.dataverse)
                    seeds.plant_dataverse(self, seed, scale)
                else:
                    self.business_central.reload()
                    business_central_base.plant(self.business_central)
                    seeds.plant_business_central(self, seed, scale)
            if chosen == {BUSINESS_CENTRAL: "cronus", DATAVERSE: "empty"}:
                seeds.plant_people(self)
            solutions.take_away(self.dataverse, without)
            self.store.set_meta("seed", ",".join(chosen.values()))
        self.dataverse.reload()
        self.business_central.reload()

    def _check_seed(self, name: str) -> None:
        if name not in seeds.NAMES:
            message = f"There is no seed '{name}'; there are {', '.join(seeds.NAMES)}."
            raise SettingError(message)

    def grow(self, amounts: dict[str, int]) -> dict[str, Any]:
        """Add volume to what is there."""
        with self.store.transaction():
            return seeds.volume(self, amounts)

    def exports(self) -> dict[str, str]:
        """Return the environment variables that a client needs."""
        return {
            "SANDBOX_AUTHORITY": self.addresses.entra,
            "SANDBOX_TENANT": identities.TENANT,
            "SANDBOX_CLIENT_ID": identities.CLIENT_ID,
            "SANDBOX_CLIENT_SECRET": self.secrets.client,
            "SANDBOX_DATAVERSE_URL": self.addresses.dataverse,
            "SANDBOX_BC_URL": self.addresses.bc_root,
            "SANDBOX_CA_BUNDLE": str(self.papers.authority.resolve()),
            "SANDBOX_CLIENT_CERT_PEM": str(self.papers.client_certificate.resolve()),
            "SANDBOX_CLIENT_KEY_PEM": str(self.papers.client_key.resolve()),
            "SANDBOX_USERNAME": identities.USERNAME,
            "SANDBOX_PASSWORD": self.secrets.person,
            "SANDBOX_PUBLIC_CLIENT_ID": identities.PUBLIC_CLIENT_ID,
            "SANDBOX_CONTROL_URL": self.addresses.control,
            "SANDBOX_INTEGRATION_CLIENT_ID": identities.INTEGRATION_CLIENT_ID,
            "SANDBOX_INTEGRATION_CLIENT_SECRET": self.secrets.integration_client,
            "SANDBOX_BC_COMPANY_ID": identities.BC_COMPANY_ID,
        }
