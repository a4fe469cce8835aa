"""Sums that go on from an earlier number: "halve it", "take 15% of that", "then add 8"; as expressions about `it`."""

from __future__ import annotations

import re

IT = (
    r"(?:it|that|this|(?:the|that|this) (?:new |last |first |previous )?(?:result|answer|number|amount|sum|total|value"
    r"|output|figure|product|difference|quotient|price|one)|what(?:ever)? (?:you|that) (?:got|get|gives?)|the above)"
)
_N = r"(?P<n>\d+(?:[.,]\d+)*)"
_LEAD = r"^(?:(?:and|then|next|now|also|finally|lastly|please|after that|afterwards)[, ]+)*"
_ASK = (
    r"(?:(?:take|find|get|give me|show me|tell me|calculate|compute|work out|figure out|what(?:'s| is)|determine"
    r"|return|apply|i need|i want|see)\s+(?:me\s+)?(?:what\s+)?(?:the\s+)?)?"
)
_SHARE = rf"(?:an? )?{_N} ?(?:%|percent|per cent)"
_TAKEN = r"(?: (?:discount|rebate|tax|vat|commission|fee))?"
_ADDED = r"(?: (?:vat|tax|tip|fee|surcharge|interest|service charge|mark-?up|margin))?"
_END = r"(?:\s+is)?[ .!?]*$"
_SHAPES: tuple[tuple[str, str], ...] = (
    (rf"halve {IT}", "it / 2"),
    (rf"(?:cut|divide|split) {IT} in (?:half|two)", "it / 2"),
    (rf"{_ASK}(?:a |one )?half (?:of )?{IT}", "it / 2"),
    (rf"{_ASK}(?:a|one) third of {IT}", "it / 3"),
    (rf"{_ASK}(?:a|one) quarter of {IT}", "it / 4"),
    (rf"{_ASK}(?:a|one) tenth of {IT}", "it / 10"),
    (rf"(?:double {IT}|{_ASK}(?:twice|double|two times) {IT})", "it * 2"),
    (rf"(?:triple {IT}|{_ASK}(?:three times|triple) {IT})", "it * 3"),
    (rf"(?:square {IT}|{_ASK}{IT} squared)", "it ^ 2"),
    (rf"{_ASK}(?:square )root (?:of|from) {IT}", "sqrt(it)"),
    (rf"{_ASK}{_N} ?(?:%|percent|per cent) (?:of|from) {IT}", "{n}% of it"),
    (rf"{_ASK}{_N} ?(?:%|percent|per cent) off {IT}", "it - {n}%"),
    (rf"(?:take|deduct|subtract|knock|apply) {_SHARE}{_TAKEN}(?: off(?: {IT})?| from {IT})?", "it - {n}%"),
    (rf"(?:add|put) {_SHARE}{_ADDED}(?: (?:to|on(?: top(?: of)?)?)(?: {IT})?)?", "it + {n}%"),
    (rf"(?:(?:increase|raise|bump) {IT} by {_N}) ?(?:%|percent|per cent)", "it + {n}%"),
    (rf"(?:(?:decrease|reduce|lower) {IT} by {_N}) ?(?:%|percent|per cent)", "it - {n}%"),
    (rf"add {_N}(?: (?:to|on(?:to)?) {IT})?", "it + {n}"),
    (rf"(?:increase|raise|bump) {IT} by {_N}", "it + {n}"),
    (rf"(?:{IT} )?plus {_N}", "it + {n}"),
    (rf"(?:subtract|deduct|take away|remove) {_N}(?: from {IT})?", "it - {n}"),
    (rf"take {_N} (?:away )?(?:from|off) {IT}", "it - {n}"),
    (rf"(?:{IT} )?minus {_N}", "it - {n}"),
    (rf"multiply (?:{IT} )?(?:by|with) {_N}", "it * {n}"),
    (rf"(?:{IT} )?times {_N}", "it * {n}"),
    (rf"(?:divide|split) (?:{IT} )?by {_N}", "it / {n}"),
    (rf"(?:{IT} )?divided by {_N}", "it / {n}"),
)  # fmt: skip
_ANY = re.compile(
    rf"{_LEAD}(?:{'|'.join(shape.replace('?P<n>', '?:') for shape, _ in _SHAPES)}){_END}", re.IGNORECASE
)
"""Any of the shapes at once: nearly no text has one."""
_PATTERNS = tuple((re.compile(rf"{_LEAD}(?:{shape}){_END}", re.IGNORECASE), sum_) for shape, sum_ in _SHAPES)


def about_it(text: str) -> str | None:
    """The expression about `it` that the whole text asks for, if it goes on from an earlier number."""
    words = " ".join(text.split())
    if _ANY.match(words) is None:
        return None
    for pattern, expression in _PATTERNS:
        found = pattern.match(words)
        if found is not None:
            numbers = [value for value in found.groupdict().values() if value]
            return expression.replace("{n}", numbers[0].rstrip(".,") if numbers else "")
    return None
