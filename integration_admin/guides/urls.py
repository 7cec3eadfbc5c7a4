"""The pages of Assisted Setup."""

from __future__ import annotations

from django.urls import path

from integration_admin.guides import leaving, run_views, views

urlpatterns = [
    path("", views.assisted_setup, name="assisted_setup"),
    path("runs/<int:pk>/", run_views.guide_run, name="guide_run"),
    path("runs/<int:pk>/retry/", run_views.retry_guide_run, name="retry_guide_run"),
    path("runs/<int:pk>/undo/", run_views.undo_guide_run, name="undo_guide_run"),
    path("<slug:guide_key>/", views.open_guide, name="guide"),
    path("<slug:guide_key>/discard/", views.discard_guide, name="discard_guide"),
    path("<slug:guide_key>/finish/", views.finish_guide, name="finish_guide"),
    path("<slug:guide_key>/<slug:step_key>/", views.guide_step, name="guide_step"),
    path("<slug:guide_key>/<slug:step_key>/leave/", leaving.leave_guide, name="leave_guide"),
    path("<slug:guide_key>/<slug:step_key>/save/", views.save_guide_step, name="save_guide_step"),
]
