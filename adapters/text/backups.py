"""Requests for a backup, in the many ways in which people word them."""

from __future__ import annotations

import re

from adapters.text.introductions import pieces
from adapters.text.politeness import without_politeness
from adapters.text.words import Spelling, hands_over_content

_SPELLING = Spelling("backup create make archive export workspace everything snapshot data please".split())
_A = (
    r"(?:(?:me|us|a|an|the|our|my|another|one|new|fresh|full|complete|quick|whole|current|manual"
    r"|safe|safety|security|fast|final|last|extra|additional|database|data|db|workspace|flowmate"
    r"|system|nightly|daily|weekly|monthly|yearly|up-to-date|recent|restorable|proper|decent|clean|good"
    r"|in|real) )*"
)
_COPY = (
    r"(?:back-?ups?(?: job| run| process| routine)?|back ups?|(?:restore|recovery|rollback|save) points?"
    r"|checkpoints?|snapshots?|safety copy|safety copies|backup (?:copy|archive"
    r"|file)|(?:data )?dump|archive|(?:data )?export)"
)
_WHAT = (
    r"(?:everything(?: (?:that )?(?:we|i|you)(?: have|'ve)?(?: got| stored| saved)?(?: stored"
    r"| saved)?(?: in)?(?: here)?)?"
    r"|it all|(?:all of |all )?(?:it|this|that|them)|(?:the )?(?:whole )?lot|every (?:bit|thing)"
    r"|the (?:whole|entire) [a-z]+"
    r"|all|things|stuff|(?:all )?(?:of )?(?:the|our|my|this|all|your|its"
    r"|flowmate'?s?) ?(?:[\w'-]+ ){0,3}?(?:data(?:base)?|workspace|db|information|content"
    r"|contents|stuff|things|notes|records|history|system|work|team|account|files|documents|docs|messages"
    r"|e-?mails|mails|projects?|tables)|data(?:base)?"
    r"|workspace|(?:the )?db|notes|our stuff)"
)
_REST = (
    r"(?:[ ,]+(?:now|today|right now|right away|immediately|at once|again|please|first"
    r"|quickly|for (?:me|us|safety|the record|the archive)|just in case|to be safe"
    r"|to be on the safe side|in case [\w' -]{1,60}|somewhere(?: safe)?|once more|one more time"
    r"|(?:and|plus|with) (?:(?:all|the|our|my) )*(?:notes|e-?mails?|mails|files|documents|settings|data"
    r"|everything(?: else)?)|including [\w' ,-]{1,60}"
    r"|with all [\w' ]{1,30}|and so on|all of it|would you|going|done|before [\w' -]{1,60}|of (?:it"
    r"|everything)|tonight|asap"
    r"|and archive it|into an? [\w ]{1,30}|to an? [\w ]{1,30}|as an? [\w ]{1,30}|to disk"
    r"|to a file))*"
)
_ASKS = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        (
            r"(?:create|make|run|do|start(?: up)?|take|trigger|fire up|spin up|set up|go for|schedule"
            r"|could use|push|add|grab|pull|perform|generate|get|give|kick off|begin"
            r"|prepare|produce|launch|execute|set off|build|fire off|initiate|cut|write|have|need"
            rf"|want|store) {_A}{_COPY}(?: (?:of|for|from|containing|with) (?:{_WHAT}"
            rf"|[\w' -]{{1,40}}))?{_REST}"
        ),
        (
            rf"(?:i|we)(?:'d like| would like| need| want|'ll need| require) {_A}{_COPY}(?: (?:of|for"
            rf"|from) (?:{_WHAT}|[\w' -]{{1,40}}))?{_REST}"
        ),
        rf"back(?:-| )?up {_WHAT}{_REST}",
        rf"back (?:{_WHAT}|it|them|this|that) up{_REST}",
        rf"back(?:-| )?up{_REST}",
        rf"{_A}{_COPY}(?: of {_WHAT})?(?: now| please| time| today| run| it)*{_REST}",
        rf"(?:export|archive|dump|snapshot|secure) {_WHAT}{_REST}",
        (
            r"(?:save|store|keep|make|create|take) (?:me |us )?a (?:safety |backup |full "
            rf"|complete )?copy of {_WHAT}{_REST}"
        ),
        (
            rf"(?:save|store|put|pack|zip|bundle|download|pull|write|dump|get) {_WHAT} (?:in|into|to"
            rf"|as|down as) (?:an?|one) {_A}(?:archive|backup|zip|file|export|tarball"
            rf"|dump)(?: file)?{_REST}"
        ),
        rf"(?:secure|protect|safeguard) {_WHAT}(?: with (?:a|another) {_A}{_COPY})?{_REST}",
        rf"(?:(?:please )?(?:have|get|want|need|like|see|see that|make sure|make sure that|ensure"
        rf"|ensure that|check that) )?{_WHAT}"
        rf" (?:(?:is|are|gets?|should|must|needs?|has|have|to|be|being|safely|all"
        rf"|properly) )*backed up{_REST}",
        rf"(?:i|we)(?:'d| would)? (?:want|need|like|love|wish)(?: to have"
        rf"| to see)? {_WHAT} (?:to be )?(?:safely )?backed up{_REST}",
        rf"(?:could|can|may|should|might|shall) {_A}{_COPY}(?: of {_WHAT})? be (?:made|created|run|done"
        rf"|taken|started){_REST}",
        (
            rf"(?:(?:i|we|it|that)(?:'d| would)|would) (?:really |also )?(?:sleep|feel|rest|be|calm"
            rf"|breathe|make|help|relax|like)"
            rf"(?: (?:much|a lot|me|us|better|safer|calmer|happier|happy|good|great|easier|nice|feel|so"
            rf"|reassuring))*"
            rf" (?:with|if|knowing|when|to have)(?: (?:there (?:was|is|were|'s)|we had|i had|you made"
            rf"|you took|we made|there'?s))?"
            rf" {_A}{_COPY}(?: of (?:{_WHAT}|[\w' -]{{1,40}}))?{_REST}"
        ),
        rf"{_A}{_COPY} (?:is|are|would be) (?:due|overdue|needed|required|necessary|in order|wanted|good"
        rf"|nice|great){_REST}",
        rf"(?:a|an|one|another) {_A}{_COPY}(?: of (?:{_WHAT}|[\w' -]{{1,40}}))?{_REST}",
        rf"(?:i|we)(?:'d| would)? (?:want|need|like|love)(?: to have)? a copy of {_WHAT}{_REST}",
        rf"(?:secure|save|preserve|protect) (?:our|my|the) (?:current )?(?:state|status"
        rf"|data)(?: with {_A}{_COPY})?{_REST}",
        rf"(?:it'?s |it is )?time (?:for|to (?:make|create|take|run)) {_A}{_COPY}{_REST}",
    )
)
_NO_REQUEST = re.compile(
    r"^(?:archives?|exports?|dumps?|data exports?|snapshots?|backups|back ups|back-ups|data|all)$",
    re.IGNORECASE,
)

_MENTIONS = re.compile(rf"\b(?:{_COPY}|back(?:ed|ing)?[ -]?up)\b", re.IGNORECASE)
_DO_IT = re.compile(
    r"(?:so |please |then |now |just )*(?:(?:get|make|do|create|run|start|take|kick|give me"
    r"|give us) (?:one|it|that|this)"
    r"(?: (?:going|now|done|off|started|please|asap|today|again|happen))*|go ahead(?: with (?:it|that))?)",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:don't|do not|dont|no|never|without|not|cancel|stop|skip|delete|remove|restore|fail\w*|avoid"
    r"|instead of)\b",
    re.IGNORECASE,
)
_MOST_CHARACTERS = 400


def asks_for_backup(text: str) -> bool:
    """Whether a line asks to create a backup now."""
    if len(text) > _MOST_CHARACTERS or ("?" in text[:-60] and "://" in text):
        return False
    mended = _SPELLING.mended(text, first=30)
    asked = without_politeness(mended)
    if _asks(asked):
        return True
    if hands_over_content(asked) or "@" in text or "://" in text:
        return False
    return any(_asks(piece) for piece in pieces(mended)) or _asks_at_last(mended)


def _asks(text: str) -> bool:
    asked = without_politeness(text).strip(" .?!,;")
    return not _NO_REQUEST.fullmatch(asked) and any(shape.fullmatch(asked) for shape in _ASKS)


def _asks_at_last(text: str) -> bool:
    """ "We haven't had a backup in ages, get one going"."""
    parts = re.split(r"[.!;,:]+ +| - ", text.strip(" .!"))
    if len(parts) < 2 or not _MENTIONS.search(text):
        return False
    last = without_politeness(parts[-1]).strip(" .?!")
    if _DO_IT.fullmatch(last):
        return _MENTIONS.search(parts[-2]) is not None and not re.search(
            r"\b(?:don't|do not|restore)\b", text
        )
    return (
        len(parts) <= 4
        and all(_NOT.match(part) or len(part.split()) < 9 for part in parts[:-1])
        and _only_now(parts)
    )


def _only_now(parts: list[str]) -> bool:
    """ "Backup. Now." in short pieces."""
    return _asks(" ".join(parts)) or (
        _asks(parts[0]) and all(re.fullmatch(_HURRY, part) for part in parts[1:])
    )


_HURRY = re.compile(
    r"(?:right )?now|please|asap|today|immediately|at once|do it|quick(?:ly)?|go|hurry", re.IGNORECASE
)
