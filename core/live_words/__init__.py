"""An answer's words while they are written, for whoever listens just now. See docs/decisions/0021-streaming.md."""

from core.live_words.live import LiveWords as LiveWords
from core.live_words.piece import WORDS as WORDS
from core.live_words.piece import Piece as Piece
from core.live_words.writing import Writing as Writing
