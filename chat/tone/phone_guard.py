"""Keeps invented telephone numbers out of replies: only the crisis lines of our own table may be shown.

A run of digits and the signs that can stand inside a number is held until the run has ended; a short bare number
("988") also until the next few characters tell whether it is an amount ("988원") or a line to call. Not covered:
numbers spelled out in words ("공일공"), and numbers spread over several lines.
"""

import re
import unicodedata

PLACEHOLDER = "(전화번호는 화면에 보이는 안내를 확인해 주세요)"

_GLUE_SIGNS = " \t\u00a0\u3000.-·‐‑‒–—―−()/,:~+－．（）＋／，：～\ufe0f\u20e3\u200b\u200c\u200d\u2060"
_GLUE = f"[{re.escape(_GLUE_SIGNS)}]"
_RUN = re.compile(rf"[+(＋（]{{0,2}}\d(?:{_GLUE}{{0,3}}\d){{0,99}}[\ufe0f\u20e3]{{0,2}}(?:{_GLUE}{{0,3}}번)?")
_RUN_START = re.compile(r"[+(＋（]{0,2}\d")
_OPEN_BRACKETS = re.compile(r"[+(＋（]{1,2}$")
_LOOKAHEAD = 10  # characters after a run
_LOOKBEHIND = 8

_J = r"[ \t.\-·‐‑‒–—―−()\ufe0f\u20e3\u200b-\u200d\u2060]{0,3}"  # what people put between the groups of one number
_FORMATS = re.compile(
    rf"(?<![\d])(?:"
    rf"\+{_J}\d{{1,3}}(?:{_J}\d{{2,4}}){{2,4}}"  # +82 10 1234 5678
    rf"|\(?0(?!\.){_J}\d{{1,2}}{_J}\d{{3,4}}{_J}\d{{4}}"  # 02-123-4567, 010 1234 5678
    rf"|0{_J}1{_J}0(?:{_J}\d){{7,8}}"  # 0 1 0 1 2 3 4 …
    rf"|1{_J}[568]{_J}\d{_J}\d{_J}\d{_J}\d{_J}\d{_J}\d"  # 1577-0199, 1588 …
    rf"|(?:1{_J})?\(?[2-9]\d\d\)?[ .\-–]{{1,2}}\d{{3}}[ .\-–]\d{{4}}"  # 800-273-8255
    rf"|[2-9]\d{{2,3}}[.\-‐‑–]\d{{4}}"  # 765-4321
    rf")(?!\d)"
)
_HIDDEN = r"[\ufe0f\u20e3\u200b-\u200d\u2060]{0,2}"  # what a keycap emoji or a zero-width sign leaves between digits
_SHORT = re.compile(
    rf"(?<!\d)(?<!\d[.,:\-])\d(?:{_HIDDEN}\d){{2,3}}(?!\d)(?![.,:\-]\d)"
    r"|(?<!\d)(?:9[ .\-]8[ .\-]8|9[ .\-]1[ .\-]1|1[ .\-]3[ .\-]9[ .\-]3)(?!\d)"
)
_YEARS = re.compile(r"(?:19|20)\d\d[.\-‐‑–](?:(?:19|20)\d\d|(?:0\d|1[0-2])[0-3]\d)$")
_SURE_UNIT = re.compile(
    r" ?(?:[년원개명점%℃㎏㎞쪽]|km|kg|mg|ml|m\b|g\b|달러|번째|페이지|단어|칼로리|kcal|[만천억]|미터|킬로)"
)
_UNIT_SIGNS = "년월일시분초원개명점살세층장권쪽회배곡%도℃㎏㎞만천억"
_UNIT = re.compile(
    rf" ?(?:[{_UNIT_SIGNS}]|호(?:선|실|점)|번 ?(?:버스|이나|넘|정도|반복|출구)|퍼센트|유로|그램|포인트|문제|주년)"
)
_CALL_AFTER = re.compile(r" ?(?:번|(?:으로|로|에|에게)? ?(?:전화|연락|문의|상담|걸|문자|신고))")
_CALL_BEFORE = re.compile(r"(?:전화|번호|연락처|핫라인|hotline|call|dial|tel|☎|📞)[^\d\n]{0,4}$", re.IGNORECASE)
# Lines of other countries and closed Korean ones, which English or old training text suggests.
_NEVER_SHOWN = frozenset({"988", "911", "999", "1393"})


class PhoneGuard:
    """`allowed`: the crisis lines that may be shown, in any spelling ("1577-0199")."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = frozenset(_digits(number) for number in allowed)
        self._held = ""
        self._shown_end = ""

    def feed(self, delta: str) -> str:
        return self._screen(self._held + delta, is_last=False)

    def flush(self) -> str:
        return self._screen(self._held, is_last=True)

    def _screen(self, text: str, *, is_last: bool) -> str:
        pieces: list[str] = []
        position = 0
        while (start := _RUN_START.search(text, position)) is not None:
            run = _RUN.match(text, start.start())
            if run is None or not (is_last or _is_decided(text, run)):
                break
            pieces.append(text[position : run.start()])
            before = (self._shown_end + "".join(pieces))[-_LOOKBEHIND:]
            pieces.append(self._judge(run[0], before, text[run.end() : run.end() + _LOOKAHEAD]))
            position = run.end()
        cut = self._find_cut(text, position, is_last)
        pieces.append(text[position:cut])
        self._held = text[cut:]
        shown = "".join(pieces)
        self._shown_end = (self._shown_end + shown)[-_LOOKBEHIND:]
        return shown

    @staticmethod
    def _find_cut(text: str, position: int, is_last: bool) -> int:
        if is_last:
            return len(text)
        start = _RUN_START.search(text, position) or _OPEN_BRACKETS.search(text, position)
        return start.start() if start else len(text)

    def _judge(self, run: str, before: str, after: str) -> str:
        """The run as it may be shown: every number in it that is not allowed gives way to the placeholder."""
        plain = _ascii_run(run)
        long_numbers = list(_FORMATS.finditer(plain))
        unwanted = [match.span() for match in long_numbers if self._is_foreign(match[0], plain[match.end() :] + after)]
        for match in _SHORT.finditer(plain):
            inside = any(number.start() < match.end() and match.start() < number.end() for number in long_numbers)
            if not inside and self._is_foreign_line(match, plain, before, after):
                unwanted.append(match.span())
        return _replace_spans(run, sorted(unwanted))

    def _is_foreign(self, number: str, follows: str) -> bool:
        digits = _digits(number)
        groups = re.findall(r"\d+", number)
        if digits in self._allowed or all(group in self._allowed for group in groups):
            return False
        is_amount = len(digits) <= 8 and _SURE_UNIT.match(follows) is not None
        return not is_amount and _YEARS.match(number) is None

    def _is_foreign_line(self, match: re.Match[str], run: str, before: str, after: str) -> bool:
        number = _digits(match[0])
        follows = run[match.end() :] + after
        if number in self._allowed or _SURE_UNIT.match(follows):
            return False
        if number in _NEVER_SHOWN:
            return True
        if _UNIT.match(follows):
            return False
        return bool(_CALL_AFTER.match(follows) or _CALL_BEFORE.search(before + run[: match.start()]))


def _is_decided(text: str, run: re.Match[str]) -> bool:
    """Whether no further text could change the run or the judgement on it."""
    rest = text[run.end() :]
    if not rest.strip(_GLUE_SIGNS) and len(rest) <= 3:
        return False  # a further digit would still belong to the run
    return len(_digits(run[0])) < 3 or len(rest) >= _LOOKAHEAD or rest[:1] in tuple("년원개명점%")


def _ascii_run(text: str) -> str:
    """Same length: decimal digits of any script as 0–9, full-width signs as ordinary ones."""
    return "".join(_ascii_character(character) for character in text)


def _ascii_character(character: str) -> str:
    if character.isdecimal():
        return str(int(character))
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character


def _digits(text: str) -> str:
    return "".join(character for character in _ascii_run(text) if character.isdecimal())


def _replace_spans(run: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        pieces += [run[position:start], PLACEHOLDER]
        position = end + (len(tail[0]) if (tail := re.match(r"[\ufe0f\u20e3]{0,2}(?: ?번)?", run[end:])) else 0)
    return "".join(pieces) + run[position:]
