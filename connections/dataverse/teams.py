"""Teams of users: who is in one, and putting more users into it (E-9.17)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from connections.errors import IntegrationError, RecordExistsError
from connections.odata import Answer, Client, Request

JSON = {"Content-Type": "application/json"}
MEMBERS = "teammembership_association"


class Teams:
    """The teams of one environment."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def members(self, team: UUID) -> frozenset[UUID]:
        """Return the users in a team."""
        path = f"teams({team})/{MEMBERS}?$select=systemuserid"
        return frozenset(UUID(str(row["systemuserid"])) for row in self.client.rows(path))

    def add_members(
        self, team: UUID, users: Sequence[UUID]
    ) -> Mapping[UUID, IntegrationError | None]:
        """Put users into a team, side by side, and say of each why not."""
        requests = [self._joining(team, user) for user in users]
        answers = self.client.send_all(requests)
        return {user: _refused(answer) for user, answer in zip(users, answers, strict=True)}

    def _joining(self, team: UUID, user: UUID) -> Request:
        body = json.dumps({"@odata.id": f"{self.client.root}systemusers({user})"})
        return Request("POST", f"teams({team})/{MEMBERS}/$ref", body.encode(), JSON)


def _refused(answer: Answer | IntegrationError) -> IntegrationError | None:
    if isinstance(answer, Answer | RecordExistsError):
        return None
    return answer
