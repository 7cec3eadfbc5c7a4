"""Plain pages: lists, a record, a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.http import Call, Reply

if TYPE_CHECKING:
    from sandbox.world import World


def handle(world: World, call: Call) -> Reply:
    """Answer a page."""
    return Reply(404, b"Not found", {"Content-Type": "text/plain"})
