"""allauth's forms for the ERD's user: sign-up with five separate consents, none ticked; one e-mail per account."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from chat.accounts.consents import ConsentText, decide_consent, get_local_text
from chat.models import REQUIRED_TO_CHAT, ConsentKind, User
from chat.models.users import MINIMUM_AGE_YEARS, age_on

EARLIEST_BIRTH: Final = date(1900, 1, 1)
LOGIN_ID_FIELD: Final = User._meta.get_field("login_id")

UNDER_FOURTEEN: Final = _(
    "만 14세가 되지 않은 분은 가입할 수 없어요. "
    "법에 따라 보호자의 동의를 확인해야 하는데, 아직 그럴 방법을 갖추지 못했어요. "
    "이야기할 곳이 필요하다면 청소년상담 1388에 전화하거나 문자를 보내 주세요. 하루 종일 열려 있어요."
)


def check_birth(dt_birth: date) -> None:
    """Raises ValidationError for a day that cannot be, and for whoever is under 14 today."""
    today = timezone.localdate()
    if not EARLIEST_BIRTH <= dt_birth <= today:
        raise ValidationError(_("태어난 날짜를 다시 확인해 주세요."), code="impossible")
    if age_on(today, dt_birth) < MINIMUM_AGE_YEARS:
        raise ValidationError(UNDER_FOURTEEN, code="under_fourteen")


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    field_order = ("username", "password1", "password2", "name", "dt_birth", "gender", "language", "email")

    name = forms.CharField(label=_("이름"), max_length=50, help_text=_("대화에서 부를 이름이에요. 별명도 좋아요."))
    dt_birth = forms.DateField(
        label=_("생년월일"),
        help_text=_("만 14세부터 쓸 수 있어요. 나중에 바꿀 수 없으니 정확히 적어 주세요."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        validators=[check_birth],
    )
    gender = forms.ChoiceField(label=_("성별"), choices=User.Gender.choices, initial=User.Gender.UNDISCLOSED)
    language = forms.ChoiceField(label=_("언어"), choices=User.Language.choices, initial=get_language)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login_id = self.fields["username"]
        login_id.label = _("아이디")
        login_id.help_text = _("영문자와 숫자로 시작하는 4~30자. 대문자와 소문자는 같은 것으로 봐요.")
        login_id.validators.extend(LOGIN_ID_FIELD.validators)
        self.fields["email"].label = _("이메일 (선택)")
        self.fields["email"].help_text = _("비밀번호를 잊었을 때 다시 정하는 데 써요.")
        for kind in ConsentKind:
            self.fields[consent_field_name(kind)] = build_consent_field(kind)

    def list_consent_fields(self) -> list[tuple[forms.BoundField, ConsentText]]:
        """Each checkbox beside the text it stands for, for the template."""
        return [(self[consent_field_name(kind)], get_local_text(kind)) for kind in ConsentKind]

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            user: User = super().save(request)
            return user

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the user row is there: a tick is a consent, its absence a refusal; both are kept."""
        for kind in ConsentKind:
            decide_consent(
                user,
                kind,
                is_granted=self.cleaned_data[consent_field_name(kind)],
                text_version=get_local_text(kind).version,
            )


class AddEmailForm(AllauthAddEmailForm):  # type: ignore[misc]
    def clean_email(self) -> str:
        """allauth lets an address in twice until it is verified; the user table takes it once."""
        email: str = super().clean_email()
        if User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists():
            raise get_adapter().validation_error("email_taken")
        return email


def consent_field_name(kind: ConsentKind) -> str:
    return f"consent_{kind}"


def build_consent_field(kind: ConsentKind) -> forms.BooleanField:
    """Never required: an account without the two consents exists, and is led to the privacy page to chat."""
    label = _("대화에 꼭 필요해요") if kind in REQUIRED_TO_CHAT else _("선택")
    return forms.BooleanField(
        required=False,
        initial=False,
        label=lazy(lambda: f"{get_local_text(kind).title} ({label})", str)(),
        help_text=lazy(lambda: get_local_text(kind).summary, str)(),
    )
