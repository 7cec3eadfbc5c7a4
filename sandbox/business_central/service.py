"""Takes a request to Business Central's API to what answers it."""

from __future__ import annotations

from sandbox import identities, schema
from sandbox.http import Call, Reply
from sandbox.store import Store


class BusinessCentral:
    """One environment of Business Central."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tables, self.pages = schema.business_central()
        self.partial_batch_after: int | None = None

    def reload(self) -> None:
        """Forget what was kept in memory; the rows were replaced."""
        self.forget()

    def forget(self) -> None:
        """Forget what was kept in memory; rows were added past the rules."""

    def user_of(self, client_id: str, username: str) -> str | None:
        """Return the id of the user that a token speaks for, or None."""
        known = (identities.CLIENT_ID, identities.INTEGRATION_CLIENT_ID)
        return client_id if client_id in known else None

    def handle(self, call: Call) -> Reply:
        """Answer a request."""
        return Reply(
            501, {"error": {"code": "BadRequest_MethodNotImplemented", "message": call.path}}
        )
