"""Who and what exists in the sandbox's tenant: ids are fixed, secrets are made once and kept."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

TENANT = "5a9d0c1e-7b64-4c3f-9d2a-8e1f6b3c2d10"
CLIENT_ID = "1f6e8a52-0c3b-4d7e-9a41-6b2c5d8e7f01"
INTEGRATION_CLIENT_ID = "2c7b9d63-1d4c-4e8f-8b52-7c3d6e9f8a02"
PUBLIC_CLIENT_ID = "51f81489-12ee-4a9e-aaae-a2591f45987d"  # Microsoft's sample application
USERNAME = "admin@cronus.example"
AVAILABILITY_USER = "AVAILABILITY"  # a user of Business Central with a web service access key
ENVIRONMENT = "sandbox"
BC_COMPANY_ID = "3d8cae74-2e5d-4f90-9c63-8d4e7fa09b03"
BC_RESOURCE = "https://api.businesscentral.dynamics.com"

ORGANIZATION_ID = "4e9dbf85-3f6e-4a01-8d74-9e5f80b1ac04"
BUSINESS_UNIT_ID = "5fae0c96-407f-4b12-9e85-af6091c2bd05"
SYSTEM_USER_ID = "60bf1da7-5180-4c23-8f96-b071a2d3ce06"  # SYSTEM, nobody signs in as it
FULL_USER_ID = "71c02eb8-6291-4d34-9fa7-c182b3e4df07"  # application user of CLIENT_ID
INTEGRATION_USER_ID = "82d13fc9-73a2-4e45-8ab8-d293c4f5e008"
PERSON_USER_ID = "93e240da-84b3-4f56-9bc9-e3a4d506f109"  # signs in with USERNAME
BASE_CURRENCY_ID = "a4f351eb-95c4-4067-8cda-f4b5e617020a"  # US dollar
ADMINISTRATOR_ROLE_ID = "b50462fc-a6d5-4178-9deb-05c6f728130b"
INTEGRATION_ROLE_ID = "a2b18661-9ff5-e911-a812-000d3a0b9028"  # as in Microsoft's solution
DEFAULT_TEAM_ID = "c6157300-b7e6-4289-8efc-16d70839240c"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What proves an identity; made at the first start, so that none stands in the code."""

    client: str
    integration_client: str
    person: str


def load_secrets(directory: Path) -> Secrets:
    """Return the secrets of this sandbox; they are made when there are none."""
    path = directory / "secrets.json"
    if path.exists():
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    made = Secrets(*(secrets.token_urlsafe(24) for _ in range(3)))
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made
