"""Silencing a health check: with a reason and an end, shown as such, and ringing nobody."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from connections.health import Finding, State
from connections.systems import Side
from integration_admin.roles import Role
from syncjobs import checkup
from syncjobs.models import HealthCheck, HealthReport
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past

HEALTH = "/connections/health/"
REASON = "The certificate is renewed on Friday, by Olga"


@pytest.fixture
def wrong(past: Past) -> HealthCheck:
    """The one check of the past that needs a person."""
    past.health()
    [row] = checkup.failing(HealthCheck.objects.all())
    return row


def silenced(client: Client, row: HealthCheck, **changed: str) -> str:
    asked = {"reason": REASON, "days": "7", **changed}
    answer = client.post(f"{HEALTH}{row.pk}/silence/begin/", asked, follow=True)
    return answer.content.decode()


def test_a_silent_check_is_shown_as_such_and_rings_nobody(
    wrong: HealthCheck, signed_in: SignedIn
) -> None:
    support = signed_in(Role.SUPPORT)

    before = support.get("/").content.decode()
    page = silenced(support, wrong)
    home = support.get("/").content.decode()

    assert "Look at the health" in before
    assert "Look at the health" not in home
    assert f"by support: {REASON}" in page
    assert wrong.sentence in page
    assert "need a person" not in page
    assert checkup.state_of(HealthCheck.objects.all()) == State.HEALTHY


def test_the_silence_and_its_end_are_in_the_audit_log(wrong: HealthCheck, admin: Client) -> None:
    silenced(admin, wrong)
    admin.post(f"{HEALTH}{wrong.pk}/silence/end/")

    silence, end = AuditEntry.objects.filter(object_kind="health check").order_by("pk")
    assert (silence.act, silence.reason) == (Act.SILENCED, REASON)
    assert end.act == Act.CHANGED
    assert [row.pk for row in checkup.failing(HealthCheck.objects.all())] == [wrong.pk]


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"reason": " "}, "E-REQUIRED"), ({"days": "3000"}, "E-RANGE"), ({"days": ""}, "E-RANGE")],
)
def test_a_silence_needs_a_reason_and_an_end(
    wrong: HealthCheck, admin: Client, changed: dict[str, str], code: str
) -> None:
    page = silenced(admin, wrong, **changed)

    wrong.refresh_from_db()
    assert "Nothing was silenced" in page
    assert code in page
    assert 'aria-invalid="true"' in page
    assert wrong.silenced_until is None


def test_after_its_end_the_check_rings_again(wrong: HealthCheck, now: datetime) -> None:
    HealthCheck.objects.filter(pk=wrong.pk).update(silenced_until=now - timedelta(seconds=1))

    assert [row.pk for row in checkup.failing(HealthCheck.objects.all())] == [wrong.pk]


def test_a_new_look_leaves_a_silence_alone(past: Past, now: datetime) -> None:
    def found(state: State) -> list[HealthCheck]:
        finding = Finding(Side.DATAVERSE, "Clock", state, "It is late.")
        return checkup._keep(past.company, {"clock-dataverse": [finding]}, now)

    [row] = found(State.WRONG)
    HealthCheck.objects.filter(pk=row.pk).update(
        silenced_until=now + timedelta(days=1), silence_reason=REASON
    )
    [again] = found(State.WRONG)

    assert again.is_silent
    assert HealthCheck.objects.get().silence_reason == REASON
    assert checkup.failing([again]) == []


def test_ninety_days_are_shown_each_with_its_worst(
    past: Past, admin: Client, now: datetime
) -> None:  # C-3302
    past.health()
    HealthReport.objects.all().delete()
    for ago, state in ((0, "healthy"), (0, "wrong"), (3, "healthy"), (200, "wrong")):
        HealthReport.objects.create(
            company=past.company, checked_at=now - timedelta(days=ago), state=state
        )

    days: list[tuple[date, str]] = admin.get(HEALTH).context["days"]

    assert len(days) == 90
    assert (days[-1][1], days[-4][1], days[-2][1]) == ("wrong", "healthy", "")
