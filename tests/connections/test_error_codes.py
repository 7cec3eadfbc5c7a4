"""Every code that a person can meet while connecting, and where it is raised (C-8001)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connections.causes import Cause

ROOT = Path(__file__).resolve().parents[2]
# The codes about connections, and the module that raises each.
RAISED = {
    "E-REQUIRED": "connections/setup_forms.py",
    "E-DUP": "connections/setup_forms.py",
    "E-URL": "connections/hosts.py",
    "E-HTTPS": "connections/hosts.py",
    "E-URL-SUGGEST": "connections/setup_fields.py",
    "E-GUID": "connections/setup_forms.py",
    "E-TYPE": "connections/setup_forms.py",
    "E-EMAIL": "connections/sign_in_forms.py",
    "E-DOMAIN": "connections/sign_in_forms.py",
    "E-TOKEN": "connections/connection_string_verdicts.py",
    "E-LITERAL-SECRET": "connections/connection_string_verdicts.py",
    "E-AUTHTYPE": "connections/connection_string_verdicts.py",
    "E-APPID": "connections/connection_string_verdicts.py",
    "E-REDIRECT": "connections/connection_string_verdicts.py",
    "E-RETIRED": "connections/connection_string_verdicts.py",
    "E-SDK": "connections/checks.py",
    "E-ENCRYPTION": "connections/secrets.py",
    "E-NEED-DATAVERSE": "connections/setup_views.py",
    "E-SALES-ON": "connections/setup_views.py",
    "E-MISMATCH": "connections/sales_rules.py",
    "E-CURRENCY": "connections/health.py",
    "E-NOTADMIN": "connections/solution_host.py",
    "E-USER-NONE": "connections/checks.py",
    "E-USER-DISABLED": "connections/checks.py",
    "E-USER-LICENCE": "connections/checks.py",
    "E-USER-NOROLES": "connections/checks.py",
    "E-USER-ADMIN": "connections/checks.py",
    "E-ROLES": "connections/redeploy.py",
    "E-SOLUTION": "connections/redeploy.py",
    "E-VERSION": "connections/checks.py",
    "E-ADMINMODE": "connections/administration_mode.py",
    "E-BCUSER": "connections/item_availability.py",
    "E-NOKEY": "connections/item_availability.py",
    "E-KEY-EXPIRED": "connections/item_availability.py",
    "E-EXCLUSIVE": "connections/sales_rules.py",
    "E-ORDERS-WAITING": "connections/order_integration.py",
    "E-BUSY": "connections/preflight.py",
    "E-STALE": "templates/pages/setup.html",
    "E-FORBIDDEN": "integration_admin/api/refusals.py",
    "E-LASTADMIN": "integration_admin/users.py",
    "E-TIMEOUT": "syncjobs/redeploying.py",
    "E-THROTTLED": "connections/odata/refusals.py",
}
# What is told in another way, and why.
TOLD_OTHERWISE = {
    "E-CREDENTIALS": "E-SIGN-IN, with what Entra ID says",
    "E-USER-MISSING": "E-ROLES, which names the role and who lacks it",
}


@pytest.mark.parametrize(("code", "place"), RAISED.items())
def test_the_code_is_raised_where_this_list_says(code: str, place: str) -> None:
    text = (ROOT / place).read_text(encoding="utf-8")
    names = [cause.name for cause in Cause if cause.value == code]
    spelled = [code, *(f"Cause.{name}" for name in names)]

    assert any(re.search(rf"{re.escape(one)}(?![\w-])", text) for one in spelled)


def test_what_is_told_otherwise_is_raised_nowhere() -> None:
    codes = {cause.value for cause in Cause}

    assert codes.isdisjoint(TOLD_OTHERWISE)
    assert not set(RAISED) & set(TOLD_OTHERWISE)
