"""Pages of training that users meet: what became of their words, and receipts."""

from django.urls import path

from training import views

app_name = "training"
urlpatterns = [
    path("privacy/contributions/", views.show_contributions, name="contributions"),
    path("privacy/contributions/<uuid:dialog_id>/withdraw/", views.withdraw_contribution, name="withdraw"),
    path("privacy/receipts/<uuid:withdrawal_id>/", views.show_receipt, name="receipt"),
]
