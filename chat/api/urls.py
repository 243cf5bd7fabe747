"""Routes under /api/v1/. The last one gives unknown addresses the API's own 404."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter
from drf_spectacular.views import SpectacularJSONAPIView

from chat.api.characters import CharacterDetail, CharacterList
from chat.api.consents import ConsentDetail, ConsentList
from chat.api.counsels import CounselDetail, CounselEnd, CounselList
from chat.api.dialogs import DialogList
from chat.api.documents import ApiPage, UnknownAddress
from chat.api.feedback import ReplyFeedback
from chat.api.me import Me, MeExport
from chat.api.tokens import TokenView
from chat.models import ConsentKind


class ConsentKindConverter(StringConverter):
    regex = "|".join(ConsentKind.values)


register_converter(ConsentKindConverter, "consent_kind")

app_name = "api"
urlpatterns = [
    path("characters/", CharacterList.as_view(), name="characters"),
    path("characters/<uuid:character_id>/", CharacterDetail.as_view(), name="character"),
    path("counsels/", CounselList.as_view(), name="counsels"),
    path("counsels/<uuid:counsel_id>/", CounselDetail.as_view(), name="counsel"),
    path("counsels/<uuid:counsel_id>/end/", CounselEnd.as_view(), name="counsel-end"),
    path("counsels/<uuid:counsel_id>/dialogs/", DialogList.as_view(), name="dialogs"),
    path("replies/<uuid:reply_id>/feedback/", ReplyFeedback.as_view(), name="feedback"),
    path("me/", Me.as_view(), name="me"),
    path("me/export/", MeExport.as_view(), name="export"),
    path("consents/", ConsentList.as_view(), name="consents"),
    path("consents/<consent_kind:kind>/", ConsentDetail.as_view(), name="consent"),
    path("token/", TokenView.as_view(), name="token"),
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs/", ApiPage.as_view(), name="docs"),
    re_path(r"^[\s\S]*\Z", UnknownAddress.as_view(), name="unknown"),
]
