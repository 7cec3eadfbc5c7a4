"""Fixtures of the tests of connections."""

from __future__ import annotations

from tests.running_sandbox import sandbox

__all__ = ["sandbox"]
