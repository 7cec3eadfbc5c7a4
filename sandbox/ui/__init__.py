"""Plain pages to look at and edit the records of both systems."""

from __future__ import annotations

from sandbox.ui.pages import handle

__all__ = ["handle"]
