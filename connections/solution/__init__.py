"""The integration solution: its readable sources, how they become a package, what packages hold."""

from __future__ import annotations
