"""The guides there are, and what Finish of each does."""

from __future__ import annotations

from collections.abc import Callable

from integration_admin.guides import dataverse_guide, preflight, sales_guide
from integration_admin.guides.finishing import Plan
from integration_admin.guides.guide import Guide, Situation
from integration_admin.guides.preflight import Preflight

GUIDES: dict[str, Guide] = {
    dataverse_guide.KEY: dataverse_guide.GUIDE,
    sales_guide.KEY: sales_guide.GUIDE,
}
PLANS: dict[str, Plan] = {
    dataverse_guide.KEY: dataverse_guide.PLAN,
    sales_guide.KEY: sales_guide.PLAN,
}
PREFLIGHTS: dict[str, Callable[[Situation], Preflight]] = {
    dataverse_guide.KEY: preflight.of_dataverse,
    sales_guide.KEY: preflight.of_sales,
}
