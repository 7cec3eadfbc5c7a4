"""The pages of the connections."""

from __future__ import annotations

from django.urls import path

from connections import views

urlpatterns = [
    path("", views.connections, name="connections"),
    path("test/", views.test_connection, name="test_connection"),
]
