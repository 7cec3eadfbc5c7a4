"""What a sandbox is filled with: `empty`, `cronus`, and volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.world import World

NAMES = ("empty", "cronus")


def plant_dataverse(world: World, name: str, scale: float) -> None:
    """Add a seed's rows to Dataverse, which has its base rows already."""


def plant_business_central(world: World, name: str, scale: float) -> None:
    """Fill Business Central, which is empty."""


def volume(world: World, amounts: dict[str, int]) -> dict[str, Any]:
    """Add rows by the thousand; raises KeyError for what cannot grow."""
    return dict(amounts)
