"""The running sandbox for its own tests."""

from __future__ import annotations

from tests.running_sandbox import sandbox

__all__ = ["sandbox"]
