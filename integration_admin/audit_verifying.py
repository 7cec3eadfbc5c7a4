"""Verify of the audit log (C-3203): at once while it is short, as a run where it takes longer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from audit import chain, trail
from audit.chain import Verdict
from audit.models import AuditEntry
from audit.scene import Person
from audit.terms import Act
from integration_admin.chrome import company_of
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock, queue
from syncjobs.jobs import Done, JobReport, JobRequest
from syncjobs.progress import RunProgress

KIND, JOB = "audit log", "verify_audit_log"
AT_ONCE = 10_000  # entries, in a second or two


def verify(*, by: Person = None) -> Verdict:
    """Look at the whole chain, and note what was found."""
    found = chain.check()
    after = {"entries": found.entries, "verdict": told(found), "head": found.head}
    trail.note(Act.VERIFIED, kind=KIND, name="Audit Log", after=after, by=by)
    return found


def told(found: Verdict) -> str:
    """Say what a look at the chain found, in a sentence."""
    if found.broken:
        return f"The audit log is not as it was written. {found.broken}"
    upto = f", up to place {found.head.partition(':')[0]} of the chain" if found.head else ""
    removed = f" {found.removed} older ones were removed by retention." if found.removed else ""
    waiting = f" {found.unsealed} wait for their seal." if found.unsealed else ""
    return f"All {found.entries} entries are as they were written{upto}.{removed}{waiting}"


def latest() -> AuditEntry | None:
    """Return the entry that the last look at the chain left."""
    return AuditEntry.objects.filter(act=Act.VERIFIED, object_kind=KIND).order_by("-pk").first()


def verify_as_run(_request: JobRequest, progress: RunProgress) -> JobReport:
    """Look at the whole chain as a run does."""
    progress.log(told(verify()))
    return Done()


@require_POST
@requires(Right.VIEW_AUDIT)
def verify_audit_log(request: SignedInRequest) -> HttpResponse:
    """Prove that nothing was changed, moved or taken out, or name the first entry that shows it."""
    company = company_of(request)
    if company is not None and AuditEntry.objects.order_by("pk")[AT_ONCE:].exists():
        run = queue.enqueue(
            company,
            JOB,
            description="Audit log: verify the chain",
            now=clock.now(),
            user=request.user,
        )
        return redirect("run", pk=run.pk)
    found = verify(by=request.user)
    if found.broken:
        messages.error(request, f"{told(found)} (E-AUDIT)")
    else:
        messages.success(request, told(found))
    return redirect("audit_log")
