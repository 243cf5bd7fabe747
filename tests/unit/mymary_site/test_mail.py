"""Two variables configure outgoing mail, or say what is wrong with them."""

import pytest

from mymary_site.env import EnvError
from mymary_site.mail import read_mail


def test_a_starttls_server_is_read() -> None:
    mail = read_mail({"MARY_SMTP_URL": "smtp://mary:p%40ss@mail.example.org", "MARY_MAIL_FROM": "mary@example.org"})
    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert (mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]) == ("mary", "p@ss")
    assert (mail["EMAIL_USE_TLS"], mail["EMAIL_USE_SSL"]) == (True, False)


def test_a_tls_server_with_its_own_port_is_read() -> None:
    mail = read_mail({"MARY_SMTP_URL": "smtps://mail.example.org:2465", "MARY_MAIL_FROM": "내마리 <m@example.org>"})
    assert (mail["EMAIL_PORT"], mail["EMAIL_USE_SSL"]) == (2465, True)


def test_without_a_server_no_letter_is_sent() -> None:
    assert read_mail({})["EMAIL_BACKEND"].endswith("dummy.EmailBackend")


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"MARY_SMTP_URL": "mail.example.org", "MARY_MAIL_FROM": "m@example.org"}, "MARY_SMTP_URL"),
        ({"MARY_SMTP_URL": "smtp://mail.example.org"}, "MARY_MAIL_FROM"),
        ({"MARY_SMTP_URL": "smtp://mail.example.org", "MARY_MAIL_FROM": "mary"}, "MARY_MAIL_FROM"),
    ],
)
def test_what_is_malformed_is_named(environ: dict[str, str], name: str) -> None:
    with pytest.raises(EnvError, match=name):
        read_mail(environ)
