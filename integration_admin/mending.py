"""Where in the console what a health check finds is mended, as far as somebody may go there."""

from __future__ import annotations

from django.contrib.auth.models import User

from integration_admin.chrome import AREAS, Entry
from integration_admin.roles import has_right

# By the group of the checks; what is mended outside of the console says so in its advice.
PAGES = {
    "business-central": "business_central_setup",
    "dataverse": "dataverse_setup",
    "solution": "redeploy",
    "redeploy": "redeploy",
    "availability": "sales_setup",
    "orders": "sales_setup",
    "write-in": "sales_setup",
    "web-clients": "business_central_setup",
    "credentials": "connections",
    "encryption": "encryption",
    "limits": "job_queue",
    "mappings": "mappings",
    "error-rate": "errors",
    "lag": "runs",
    "sweep": "mappings",
    "job-queue": "job_queue",
    "owners": "job_queue",
}


def pages_for(user: User) -> dict[str, Entry]:
    """Return the page for each group of checks that somebody may open."""
    pages = {page.url_name: page for area in AREAS for page in area.pages}
    wanted = {group: pages[name] for group, name in PAGES.items()}
    return {group: page for group, page in wanted.items() if has_right(user, page.right)}
