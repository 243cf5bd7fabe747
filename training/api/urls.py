"""Routes under /api/v1/training/."""

from django.urls import path

from training.api.runs import RunCancel, RunDetail, RunList

app_name = "training-api"
urlpatterns = [
    path("runs/", RunList.as_view(), name="runs"),
    path("runs/<uuid:run_id>/", RunDetail.as_view(), name="run"),
    path("runs/<uuid:run_id>/cancel/", RunCancel.as_view(), name="run-cancel"),
]
