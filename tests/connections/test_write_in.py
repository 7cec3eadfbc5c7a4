"""The product for write-in lines: none, one that is gone or blocked, and one that serves."""

from __future__ import annotations

import pytest

from connections import write_in
from connections.causes import Cause
from connections.health import WrongError
from connections.systems import Side
from tests.memory import MemorySystem
from tests.tables import business_central_tables


@pytest.fixture
def system() -> MemorySystem:
    found = MemorySystem(Side.BUSINESS_CENTRAL, business_central_tables())
    found.add("resources", number="LIFT", blocked=False)
    found.add("items", number="1000", blocked=False)
    found.add("items", number="1001", blocked=True)
    return found


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("Item", "", "names no write-in product"),
        ("Item", "LIFT", "item LIFT, does not exist"),
        ("Item", "1001", "item 1001, is blocked"),
    ],
)
def test_a_write_in_product_that_no_order_can_use_is_told(
    system: MemorySystem, kind: str, number: str, words: str
) -> None:  # C-3301, E-8.15
    system.add("salesReceivablesSetup", writeInProductType=kind, writeInProductNumber=number)

    with pytest.raises(WrongError, match=words) as found:
        write_in.default_of(system)

    assert found.value.cause == Cause.WRITE_IN


@pytest.mark.parametrize(("kind", "number"), [("Item", "1000"), ("Resource", "LIFT")])
def test_a_write_in_product_that_is_there_serves(
    system: MemorySystem, kind: str, number: str
) -> None:
    system.add("salesReceivablesSetup", writeInProductType=kind, writeInProductNumber=number)

    assert number in write_in.default_of(system)
