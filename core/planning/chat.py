"""Words beside the tasks that are only kind, and ask for nothing."""

from __future__ import annotations

from core.planning.boundaries import Piece
from core.planning.courtesy import is_courtesy, without_opening
from core.planning.judging import STRONG, Judge
from core.planning.text import SHAPES, Kind

_KIND_FIRST = frozenset({"thanks", "thank", "sorry", "cheers", "hope", "apologies", "congrats"})
_KIND_PAIRS = frozenset({"i hope", "we hope", "many thanks", "best regards", "my apologies"})
_ALONE = frozenset(
    {"tell me", "let me know", "show me", "please tell me", "just in case", "in case", "keep me posted"}
)
_WANTS_ALL = frozenset("i we need want would like both all three two of them please have".split())


def is_chat(piece: Piece, *, judge: Judge) -> bool:
    """Whether these are kind words only: "thanks for yesterday", "hope you're well", "sorry to ask again"."""
    if judge.is_chat(piece.tokens):
        return True
    if is_courtesy(piece.tokens) and not judge.fits(piece.tokens, least=STRONG):
        return True
    if any(token.kind in SHAPES for token in piece.tokens):
        return False
    words = [token.word for token in without_opening(piece.tokens) if token.kind is Kind.WORD]
    said = " ".join(piece.words)
    kind = piece.words[:1] != [] and (piece.words[0] in _KIND_FIRST or words[:1] == ["be"] or said in _ALONE)
    kind = kind or words[:3] == ["would", "you", "be"] or " ".join(piece.words[:2]) in _KIND_PAIRS
    if not kind and not _WANTS_ALL.issuperset(piece.words):
        return False
    return not (judge.fits(piece.tokens, least=STRONG) and judge.commands(piece.tokens))
