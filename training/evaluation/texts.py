"""How close replies are to those that were written for the same talks. Both measures run over Korean morphemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from rapidfuzz.distance import LCSseq
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.tokenizers.tokenizer_ko_mecab import TokenizerKoMecab


@dataclass(frozen=True)
class Closeness:
    """`bleu`: 0 to 100, with the signature that makes it comparable (Post 2018). `rouge_l`: 0 to 1."""

    bleu: float
    bleu_signature: str
    rouge_l: float


def measure_closeness(replies: Sequence[str], references: Sequence[str]) -> Closeness:
    """ROUGE-L: the F1 of the longest common subsequence (Lin 2004), a mean over replies. Raises ValueError for none."""
    if not replies or len(replies) != len(references):
        raise ValueError(f"{len(replies)} replies, {len(references)} references: as many of both, and at least one")
    bleu = BLEU(tokenize="ko-mecab")
    score = bleu.corpus_score(list(replies), [list(references)])
    split = TokenizerKoMecab()  # type: ignore[no-untyped-call]
    pairs = zip(replies, references, strict=True)
    rouge = fmean(compute_rouge_l(split(reply).split(), split(reference).split()) for reply, reference in pairs)
    return Closeness(round(score.score, 2), str(bleu.get_signature()), round(rouge, 4))


def compute_rouge_l(reply: Sequence[str], reference: Sequence[str]) -> float:
    """F1 of precision LCS ÷ |reply| and recall LCS ÷ |reference|; 0 where either is empty."""
    if not reply or not reference:
        return 0.0
    common = LCSseq.similarity(reply, reference)
    return 2 * common / (len(reply) + len(reference))
