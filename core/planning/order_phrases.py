"""The phrases that tell the order of the work, each as its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Phrase = tuple[str, ...]


def _phrases(text: str) -> tuple[Phrase, ...]:
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


def by_first_word(phrases: Iterable[Phrase]) -> Mapping[str, tuple[Phrase, ...]]:
    """The phrases by the word that they begin with, in their order: most words begin none."""
    found: dict[str, tuple[Phrase, ...]] = {}
    for phrase in phrases:
        found[phrase[0]] = (*found.get(phrase[0], ()), phrase)
    return found


THEN_ANYWHERE = _phrases(
    "then|after that|after this|afterwards|afterward|followed by|thereafter|subsequently|after which|upon completion"
    "|having done that|having done so|from there|only then"
)
THEN_FIRST = _phrases(
    "next|finally|lastly|later|after|second|secondly|third|thirdly|when done|once done|when finished|once finished"
    "|when ready|once ready|in the end|at the end|as a next step|as the next step|as a last step|as a final step|last"
    "|with that done|that done|go on with|continue with|continue by|proceed with|proceed to|move on to|carry on with"
    "|last of all|at last|to finish|to finish off|to conclude|to round it off|and finally"
    "|follow up with|follow it up with|follow that with|follow this with|follow it with|follow that up with|follow with"
    "|go on to|wrap up with|wrap up by|round off with|round off by|end it with|finish it with|close by"
    "|end with|finish with|finish by|finish off with|close with|end by|conclude with"
)
EARLIER = _phrases("before that|but first|beforehand|but before that|prior to that")
TRAILING_THEN = _phrases(
    "at the end|in the end|at last|finally|to finish|afterwards|afterward|after that|when done|once done|right after"
)
TRAILING_EARLIER = _phrases("first|beforehand|before that")
