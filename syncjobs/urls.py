"""The pages of synch. jobs, errors, job queue and runs."""

from __future__ import annotations

from django.urls import path

from syncjobs import error_views, plan_views, queue_views, run_views, views

urlpatterns = [
    path("synch-jobs/", views.SynchJobList.as_view(), name="synch_jobs"),
    path("synch-jobs/<uuid:pk>/", views.SynchJobCard.as_view(), name="synch_job"),
    path("errors/", error_views.errors_by_cause, name="errors"),
    path("errors/all/", error_views.ErrorList.as_view(), name="all_errors"),
    path("errors/synchronize/", error_views.synchronize_errors, name="synchronize_errors"),
    path("errors/retry/", error_views.retry_errors, name="retry_errors"),
    path("job-queue/", queue_views.JobQueueList.as_view(), name="job_queue"),
    path("job-queue/run-now/", queue_views.run_entries_now, name="run_entries_now"),
    path("job-queue/ready/", queue_views.set_entries_ready, name="set_entries_ready"),
    path("job-queue/hold/", queue_views.hold_entries, name="hold_entries"),
    path("job-queue/restart/", queue_views.restart_entries, name="restart_entries"),
    path("job-queue/<int:pk>/", queue_views.JobQueueCard.as_view(), name="job_queue_entry"),
    path("job-queue/<int:pk>/run-now/", queue_views.run_entry_now, name="run_entry_now"),
    path("job-queue/<int:pk>/ready/", queue_views.set_entry_ready, name="set_entry_ready"),
    path("job-queue/<int:pk>/hold/", queue_views.hold_entry, name="hold_entry"),
    path("job-queue/<int:pk>/restart/", queue_views.restart_entry, name="restart_entry"),
    path("runs/", run_views.RunList.as_view(), name="runs"),
    path("runs/<int:pk>/", run_views.RunPage.as_view(), name="run"),
    path("runs/<int:pk>/progress/", run_views.progress, name="run_progress"),
    path("runs/<int:pk>/cancel/", run_views.cancel, name="cancel_run"),
    path("mass-changes/<int:pk>/run/", plan_views.run_anyway, name="run_anyway"),
    path("planned-changes/", plan_views.PlannedChangeList.as_view(), name="planned_changes"),
    path("planned-runs/<int:pk>/run/", plan_views.run_previewed, name="run_previewed"),
]
