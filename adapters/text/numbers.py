"""Numbers as people write them: separators, currency signs, magnitudes and number words."""

from __future__ import annotations

import re

_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen "
        "eighteen nineteen".split()
    )
}
_TENS = {
    word: value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SUFFIX = {
    "k": 10**3,
    "mio": 10**6,
    "mn": 10**6,
    "mln": 10**6,
    "bn": 10**9,
    "dozen": 12,
    "dozens": 12,
    **_LARGE,
}
NUMBER_WORD = "|".join(sorted((*_ONES, *_TENS, *_LARGE, "dozen"), key=len, reverse=True))
_SPELLED = re.compile(
    (
        rf"\b(?:(?:{NUMBER_WORD})(?:[ -](?:and )?(?={NUMBER_WORD}\b)|\b)){{1,12}}|\b(?:a"
        r"|an) (?:hundred|thousand|million|billion|dozen)\b"
    ),
    re.IGNORECASE,
)
_MONEY = re.compile(
    (
        r"[$€£¥₹₽₩₺₴₿]|\b(?:euros?|eur|dollars?|usd|bucks|quid|pounds sterling|gbp|chf|francs?|yen"
        r"|jpy|rupees?|inr|zloty|pln|cad|aud)\b"
    ),
    re.IGNORECASE,
)
_GROUPED_SPACES = re.compile(r"(?<![\d.,])(\d{1,3})((?: \d{3})+)(?![\d ]*\d)")
_GROUPED_QUOTES = re.compile(r"(?<![\d.,])\d{1,3}(?:'\d{3})+(?!\d)")
_WITH_MARKS = re.compile(r"\d+(?:[.,]\d+)+")
_MAGNITUDE = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)(k| ?(?:mio|mn|mln|bn|dozens?|hundred|thousand|million|billion|trillion))\b",
    re.IGNORECASE,
)
_FRACTIONS = {
    "half": "1/2", "third": "1/3", "quarter": "1/4", "fourth": "1/4", "fifth": "1/5", "sixth": "1/6", "seventh": "1/7",
    "eighth": "1/8", "ninth": "1/9", "tenth": "1/10", "twelfth": "1/12", "hundredth": "1/100",
}  # fmt: skip
_FRACTION = re.compile(rf"\b(?:(?:a|an|one|the|1) )?({'|'.join(_FRACTIONS)}) of\b", re.IGNORECASE)
_FRACTIONS_OF = re.compile(
    rf"\b(\d{{1,3}}) ({'|'.join(name for name in _FRACTIONS if name != 'half')})s of\b", re.IGNORECASE
)
_GLYPHS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8"}


def with_digits(text: str, *, money: bool = False) -> str:
    """The text with every number in plain digits and a decimal point; currencies are left out unless `money`."""
    for glyph, fraction in _GLYPHS.items():
        text = text.replace(glyph, f"({fraction})")
    text = text if money else _MONEY.sub(" ", text)
    text = _GROUPED_SPACES.sub(lambda match: match.group(1) + match.group(2).replace(" ", ""), text)
    text = _GROUPED_QUOTES.sub(lambda match: match.group().replace("'", ""), text)
    text = _unmarked(text)
    text = _MAGNITUDE.sub(lambda match: _times(match.group(1), _SUFFIX[match.group(2).strip().lower()]), text)
    text = _SPELLED.sub(lambda match: _value(match.group()) + _gap(match.group()), text)
    text = _FRACTION.sub(lambda match: f"({_FRACTIONS[match.group(1).lower()]}) of", text)
    text = _FRACTIONS_OF.sub(
        lambda match: f"({match.group(1)}*{_FRACTIONS[match.group(2).lower()]}) of", text
    )
    return re.sub(r" {2,}", " ", text).strip()


def _gap(spelled: str) -> str:
    return " " if spelled.endswith((" ", "-")) else ""


def _value(spelled: str) -> str:
    total, current = 0, 0
    words = re.findall(r"[a-z]+", spelled.lower())
    if words[0] in ("a", "an"):
        words = ["one", *words[1:]]
    for word in words:
        if word in _ONES:
            current += _ONES[word]
        elif word in _TENS:
            current += _TENS[word] * 10
        elif word == "hundred":
            current = (current or 1) * 100
        elif word == "dozen":
            current = (current or 1) * 12
        elif word in _LARGE:
            total, current = total + (current or 1) * _LARGE[word], 0
    return str(total + current)


def _unmarked(text: str) -> str:
    """Thousands separators out, a decimal comma to a point; inside a function's brackets a comma stays a comma."""
    depth, parts, at = 0, [], 0
    for match in _WITH_MARKS.finditer(text):
        between = text[at : match.start()]
        depth = max(0, depth + len(re.findall(r"[a-z] ?\(", between)) - between.count(")"))
        parts += [between, match.group() if depth else _one_number(match.group())]
        at = match.end()
    return "".join([*parts, text[at:]])


def _one_number(written: str) -> str:
    marks = re.sub(r"\d", "", written)
    if len(set(marks)) == 2:
        decimal_mark = marks[-1]
        other = "," if decimal_mark == "." else "."
        return written.replace(other, "").replace(decimal_mark, ".")
    groups = re.split(r"[.,]", written)
    thousands = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0] != "0"
    if thousands and (marks[0] == "," or len(groups) > 2):
        return "".join(groups)
    return written.replace(",", ".") if len(groups) == 2 else written


def _times(number: str, factor: int) -> str:
    whole, _, decimals = number.partition(".")
    value = int(whole + decimals) * factor
    scale = 10 ** len(decimals)
    return str(value // scale) if value % scale == 0 else f"({number}*{factor})"
