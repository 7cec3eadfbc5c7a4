"""What a sandbox is filled with: `empty`, `cronus`, and volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.business_central import base
from sandbox.seeds.cronus import planting
from sandbox.seeds.volume import volume

if TYPE_CHECKING:
    from sandbox.world import World

NAMES = ("empty", "cronus")
__all__ = ["NAMES", "plant_business_central", "plant_dataverse", "plant_people", "volume"]


def plant_dataverse(world: World, name: str, scale: float) -> None:
    """Add a seed's rows to Dataverse, which has its base rows already."""
    if name == "cronus":
        planting.dataverse(world.dataverse, scale)


def plant_people(world: World) -> None:
    """Let the salespeople of CRONUS have users, as in any Sales that a company is about to use."""
    planting.people(world.dataverse)


def plant_business_central(world: World, name: str, scale: float) -> None:
    """Fill Business Central, which is empty; any company has its setup and its local currency."""
    base.plant(world.business_central)
    if name == "cronus":
        planting.business_central(world.business_central, scale)
