"""The second and third pair of eyes: ko-pii in its STRICT mode, and maskingtape's rules. Made once a process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ko_pii import Action, Anonymizer, ProcessingMode
from maskingtape import Pipeline

from chat.pseudonyms.spans import Span

# Ages, weights, drugs, majors and nationalities stay: a counsellor needs them, and alone they point at nobody.
_KO_PII = {
    "RRN": "rrn",
    "FRN": "rrn",
    "PHONE": "phone",
    "FAX": "phone",
    "EMAIL": "email",
    "URL": "url",
    "CARD": "card",
    "ACCOUNT": "account",
    "VEHICLE": "plate",
    "ADDRESS": "address",
    "EDUCATION": "school",
    "DT_BIRTH": "birth",
    "PERSON": "name",
    "PASSPORT": "code",
    "DRIVER_LICENSE": "code",
    "BUSINESS_REG": "code",
    "CORP_REG": "code",
    "MEDICAL_INSURANCE": "code",
    "EMPLOYEE_ID": "code",
    "COURT_CASE": "code",
    "PRESCRIPTION_ID": "code",
}
_MASKINGTAPE = {
    "rrn": "rrn",
    "phone": "phone",
    "email": "email",
    "card": "card",
    "account": "account",
    "address": "address",
    "birth_date": "birth",
    "name": "name",
    "passport": "code",
    "driver_license": "code",
    "biz_reg": "code",
}


def find_by_libraries(plain: str) -> Iterator[Span]:
    for record in _load_ko_pii().process(plain).detections:
        kind = _KO_PII.get(record.detection.label)
        if kind and record.action is Action.BLOCK:
            yield Span(kind, record.detection.start, record.detection.end)
    for detection in _load_maskingtape().scan(plain):
        kind = _MASKINGTAPE.get(detection.kind)
        if kind:
            yield Span(kind, detection.start, detection.end)


@cache
def _load_ko_pii() -> Anonymizer:
    return Anonymizer(mode=ProcessingMode.STRICT, strategy="redact", include=set(_KO_PII))


@cache
def _load_maskingtape() -> Pipeline:
    return Pipeline()
