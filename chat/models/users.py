"""The `user` table: who may log in. Named after the ERD; `login_id` is what a person types."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MINIMUM_AGE_YEARS = 14
ADULT_AGE_YEARS = 19
"""Korean adulthood in the Youth Protection Act sense is counted by year; 19 full years is the stricter reading."""


def age_on(day: date, dt_birth: date) -> int:
    """Full years between the two days; someone born on 29 February ages on 1 March."""
    return day.year - dt_birth.year - ((day.month, day.day) < (dt_birth.month, dt_birth.day))


class UserManager(BaseUserManager["User"]):
    def create_user(self, login_id: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(login_id=login_id, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, login_id: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(login_id, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(login_id__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    class Gender(models.TextChoices):
        FEMALE = "female", _("여성")
        MALE = "male", _("남성")
        OTHER = "other", _("그 밖")
        UNDISCLOSED = "undisclosed", _("밝히지 않음")

    class Language(models.TextChoices):
        KOREAN = "ko", "한국어"
        ENGLISH = "en", "English"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="user_id")
    login_id = models.CharField(
        _("아이디"),
        max_length=30,
        unique=True,  # what Django asks of a login field; the constraint below is the stricter one
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9][A-Za-z0-9_.-]{3,29}\Z",
                _("영문자와 숫자로 시작해 4자에서 30자까지 쓸 수 있어요. 점(.), 밑줄(_), 붙임표(-)도 괜찮아요."),
            )
        ],
        error_messages={"unique": _("이미 누가 쓰고 있는 아이디예요. 다른 아이디를 골라 주세요.")},
    )
    name = models.CharField(_("이름"), max_length=50)
    dt_birth = models.DateField(_("생년월일"))
    gender = models.CharField(_("성별"), max_length=12, choices=Gender, default=Gender.UNDISCLOSED)
    language = models.CharField(_("언어"), max_length=2, choices=Language, default=Language.KOREAN)
    email = models.EmailField(_("이메일"), blank=True)
    is_active = models.BooleanField(_("활성"), default=True)
    is_staff = models.BooleanField(_("직원"), default=False)
    dt_joined = models.DateTimeField(_("가입한 때"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "login_id"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "dt_birth"]

    class Meta:
        db_table = "user"
        verbose_name = _("사용자")
        verbose_name_plural = _("사용자")
        constraints = (
            models.UniqueConstraint(
                Lower("login_id"),
                name="user_login_id_unique_any_case",
                violation_error_message=_("이미 누가 쓰고 있는 아이디예요. 다른 아이디를 골라 주세요."),
            ),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_when_given", condition=~models.Q(email="")),
        )

    def __str__(self) -> str:
        return self.login_id

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def is_minor(self) -> bool:
        return age_on(timezone.localdate(), self.dt_birth) < ADULT_AGE_YEARS
