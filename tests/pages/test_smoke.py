from __future__ import annotations

import pytest
from django.test import Client

from tests.pages.factory import Past

URLS = ["/", "/connections/", "/mappings/", "/couplings/", "/coupled-data-errors/", "/pending-couplings/",
 "/synch-jobs/", "/errors/", "/errors/all/", "/job-queue/", "/runs/"]

@pytest.mark.parametrize("url", URLS)
def test_pages(full_past: Past, admin: Client, url: str) -> None:
    response = admin.get(url)
    assert response.status_code == 200
