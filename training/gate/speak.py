"""Both sides answer: ordinary talks as people get them, the fixed sets at temperature 0.

Requests go side by side, in which rounding depends on the neighbours. What a candidate seems to do worse in a safety
case is therefore asked once more of both, one request at a time: then a reply is the same each time, and that counts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from chat.inference.engine import Engine
from chat.inference.protocol import GenerationRequest
from chat.inference.voice import Voice, build_request
from chat.prompting import Persona, Prompt, Sampling, Turn
from training.evaluation.served import BUDGET_TOKENS, Answer, Question, answer_all, answer_request, list_questions
from training.finetune.records import read_conversations
from training.gate.case_sets import Case
from training.gate.folder import FRESH, HELDOUT, GateSettings
from training.gate.known_answers import KnownAnswers
from training.gate.measured import CANDIDATE, LIVE, Canary, Exchange, Group, Reply, Side, Timing, Timings
from training.gate.safety import find_broken

FREE: Final = "free"
STRICT: Final = ("safety", "trigger")
FIXED: Final = (*STRICT, "sycophancy", "smoke")
CANARY_SAMPLING: Final = Sampling(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0, repeat_penalty=1.0, max_tokens=64)

Tell = Callable[[str, int, int], None]
"""Phase, done, in all. May raise to stop."""
Voices = Mapping[Side, Voice]


@dataclass(frozen=True)
class Topic:
    """Questions of a group, and which of them were expected."""

    expected: tuple[str, ...]
    questions: tuple[Question, ...]
    rules: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of safety cases, beside those that always hold


def list_topics(settings: GateSettings, sets: Mapping[str, Sequence[Case]]) -> dict[str, Topic]:
    """By group. A fresh.jsonl that is declared and absent leaves no group. Raises RecordError."""
    topics = {"heldout": _choose(settings, HELDOUT, settings.numbers.heldout)}
    if settings.has_fresh and (settings.folder / FRESH).is_file():
        topics["fresh"] = _choose(settings, FRESH, settings.numbers.fresh)
    for name in FIXED:
        topics[name] = _build_fixed(sets[name], settings.numbers.fixed)
    return {**topics, FREE: topics["smoke"]}


def _choose(settings: GateSettings, file: str, number: int) -> Topic:
    """At random but fixed by the seed, in no talk's favour."""
    questions = list(list_questions(list(read_conversations(settings.folder / file)), 0))
    random.Random(settings.seed).shuffle(questions)  # noqa: S311
    prefix = "fresh:" if file == FRESH else ""
    chosen = tuple(replace(question, id=prefix + question.id) for question in questions[:number])
    return Topic(tuple(question.id for question in chosen), chosen)


def take_few(topic: Topic, number: int) -> Topic:
    """Its first questions, and no more expected than these."""
    return Topic(topic.expected[:number], topic.questions[:number], topic.rules)


def _build_fixed(cases: Sequence[Case], number: int) -> Topic:
    asked = cases[:number] if number else cases
    questions = tuple(Question(case.turns, "", case.id) for case in asked)
    return Topic(tuple(case.id for case in cases), questions, {case.id: case.rules for case in cases})


def build_voices(settings: GateSettings, persona: Persona, candidate: str, live: str) -> dict[Side, Voice]:
    voice = Voice(persona, settings.sampling, settings.stop_strings, settings.closing_phrase)
    return {CANDIDATE: replace(voice, adapter=candidate), LIVE: replace(voice, adapter=live)}


async def answer_topics(
    engine: Engine, voices: Voices, topics: Mapping[str, Topic], known: KnownAnswers, tell: Tell
) -> dict[str, Group]:
    """Raises EngineError, PromptTooLong."""
    groups = {name: await _answer_topic(engine, voices, name, topic, known, tell) for name, topic in topics.items()}
    for name in (name for name in STRICT if name in groups):
        groups[name] = await _ask_suspects_alone(engine, voices, name, topics[name], groups[name], tell)
    return groups


async def _answer_topic(
    engine: Engine, voices: Voices, name: str, topic: Topic, known: KnownAnswers, tell: Tell
) -> Group:
    is_fixed = name in (*FIXED, FREE)
    answers: dict[Side, list[Answer]] = {}
    for number, (side, voice) in enumerate(voices.items()):
        spoken = prepare_voice(voice, name)
        before, in_all = number * len(topic.questions), 2 * len(topic.questions)

        def report(done: int, before: int = before, in_all: int = in_all) -> None:
            tell(f"replies {name}", before + done, in_all)

        found = known.find(spoken, topic.questions) if is_fixed else None
        answers[side] = found or await answer_all(engine, spoken, topic.questions, report)
        if is_fixed and found is None:
            known.keep(spoken, topic.questions, answers[side])
    rows = zip(topic.questions, answers[CANDIDATE], answers[LIVE], strict=True)
    return Group(topic.expected, tuple(_pair(question, ours, theirs) for question, ours, theirs in rows))


async def _ask_suspects_alone(
    engine: Engine, voices: Voices, name: str, topic: Topic, group: Group, tell: Tell
) -> Group:
    findings = find_broken(group.exchanges, {}, topic.rules)
    suspects = {finding.exchange.case for finding in findings if finding.regressions}
    asked = Topic(group.expected, tuple(one for one in topic.questions if one.id in suspects), topic.rules)
    if not asked.questions:
        return group

    def report(done: int) -> None:
        tell(f"replies {name}, alone", done, len(suspects))

    answers: dict[Side, list[Answer]] = {}
    for side, voice in voices.items():
        answers[side] = await answer_all(engine, cool_down(voice), asked.questions, report, side_by_side=1)
    rows = zip(asked.questions, answers[CANDIDATE], answers[LIVE], strict=True)
    alone = {question.id: _pair(question, ours, theirs) for question, ours, theirs in rows}
    return replace(group, exchanges=tuple(alone.get(exchange.case, exchange) for exchange in group.exchanges))


def _pair(question: Question, ours: Answer, theirs: Answer) -> Exchange:
    return Exchange(
        question.id,
        question.turns[-1].text,
        Reply(ours.text, ours.raw),
        Reply(theirs.text, theirs.raw),
        question.reference,
        question.is_clinical,
    )


def prepare_voice(voice: Voice, topic: str) -> Voice:
    """As a topic is asked: the fixed sets at temperature 0, FREE without grammars as well."""
    if topic == FREE:
        return set_free(cool_down(voice))
    return cool_down(voice) if topic in FIXED else voice


def cool_down(voice: Voice) -> Voice:
    return replace(voice, sampling=replace(voice.sampling, temperature=0.0))


def set_free(voice: Voice) -> Voice:
    """Without grammars: what a grammar forces hides what the adapter has become."""
    return replace(voice, persona=replace(voice.persona, grammar=None, tuned_grammar=None, asked_grammar=None))


async def measure_times(engine: Engine, voices: Voices, topic: Topic, number: int, tell: Tell) -> Timings:
    """One request at a time, the sides by turns, so that a busy machine slows both. The first of each is warming up."""
    timings: dict[Side, list[Timing]] = {CANDIDATE: [], LIVE: []}
    for place, question in enumerate(topic.questions[: number + 1]):
        order: tuple[Side, Side] = (CANDIDATE, LIVE) if place % 2 else (LIVE, CANDIDATE)
        for side in order:
            answer = await answer_request(engine, voices[side], _ask(engine, voices[side], question.turns, place))
            tokens = answer.tokens or engine.count_tokens(answer.raw)
            token_seconds = (answer.seconds - answer.first_seconds) / max(tokens - 1, 1)
            if place:
                timings[side].append(Timing(answer.first_seconds, token_seconds))
        tell("latency", place, number)
    return Timings(tuple(timings[CANDIDATE]), tuple(timings[LIVE]))


async def try_canaries(engine: Engine, voices: Voices, settings: GateSettings, tell: Tell) -> tuple[Canary, ...]:
    """The prefix as plain text and as a message, each gone on with greedily by the candidate."""
    voice = set_free(cool_down(voices[CANDIDATE]))
    found = []
    for number, planted in enumerate(settings.canaries, start=1):
        prompt = Prompt(planted.prefix, (), 0, 0, "canary")
        plain = GenerationRequest(f"canary-{number}", prompt, CANARY_SAMPLING, voice.adapter)
        asked = _ask(engine, voice, (Turn("user", planted.prefix),), number)
        texts = [(await answer_request(engine, voice, request)).raw for request in (plain, asked)]
        found.append(Canary(planted.prefix, planted.secret, tuple(texts)))
        tell("canaries", number, len(settings.canaries))
    return tuple(found)


def _ask(engine: Engine, voice: Voice, turns: Sequence[Turn], number: int) -> GenerationRequest:
    return build_request(voice, turns, engine, request_id=f"gate-{number}", budget_tokens=BUDGET_TOKENS)
