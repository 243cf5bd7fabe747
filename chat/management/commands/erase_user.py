"""`manage.py erase_user LOGIN_ID`: what a person's own button does, for somebody who cannot log in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.accounts.erase import erase_account
from chat.accounts.sessions import end_sessions
from chat.models import User


class Command(BaseCommand):
    help = "Erase an account with everything in it, and print the address of the receipt. There is no way back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("login_id")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, login_id: str, yes: bool, **options: Any) -> None:
        user = User.objects.filter(login_id__iexact=login_id).first()
        if user is None:
            raise CommandError(
                f"{login_id} 라는 계정이 없습니다. 아이디를 확인해 주세요.\nThere is no account {login_id}; check it."
            )
        if user.is_superuser:
            raise CommandError(
                "관리자 계정은 먼저 관리자 권한을 내려놓아야 합니다.\nTake the superuser's powers away first."
            )
        if (
            not yes
            and input(f"{user.login_id}: 되돌릴 수 없습니다. 아이디를 다시 적어 주세요 / type it again: ")
            != user.login_id
        ):
            raise CommandError("지우지 않았습니다.\nNothing was erased.")
        end_sessions(user.pk, keep_session_key=None)
        receipt = erase_account(user)
        self.stdout.write(
            f"erased {login_id}" + (f"; receipt {receipt}" if receipt else "; nothing had been made of it")
        )
