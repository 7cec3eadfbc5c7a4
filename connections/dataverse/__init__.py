"""Dynamics 365 Sales, through Dataverse's Web API."""

from __future__ import annotations

from connections.dataverse.adapter import Dataverse

__all__ = ["Dataverse"]
