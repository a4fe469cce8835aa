"""How well schedules are understood from words: `python -m benchmarks.schedule_phrases [--failures]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.schedules.phrases import read
from core.schedules.understanding import Unclear, Understood

FOLDER = Path(__file__).parent.parent / "tests" / "evaluation"
SETS = ("schedules_tuning", "schedules_held_out")


@dataclass(frozen=True)
class Outcome:
    """One phrase: whether it was understood as it should be, and whether it was guessed wrong."""

    text: str
    right: bool
    wrong_guess: bool
    got: str


def judge(row: dict[str, Any]) -> Outcome:
    """Read one phrase and compare it with what a careful reader would say."""
    now, zone = datetime.fromisoformat(row["now"]), row["zone"]
    phrase = read(row["text"], now=now, zone=zone)
    kind = "none" if phrase is None else "unclear" if isinstance(phrase, Unclear) else phrase.timing.kind
    right = kind == row["kind"] and (not isinstance(phrase, Understood) or _same(phrase, row))
    wrong_guess = isinstance(phrase, Understood) and not right
    return Outcome(text=row["text"], right=right, wrong_guess=wrong_guess, got=str(phrase))


def outcomes(name: str) -> Iterator[Outcome]:
    """Every phrase of a set."""
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield judge(json.loads(line))


def _same(phrase: Understood, row: dict[str, Any]) -> bool:
    if phrase.zone != row.get("zone_out", row["zone"]) and row["kind"] == "cron":
        return False
    if "instruction" in row and phrase.instruction != row["instruction"]:
        return False
    match phrase.timing.kind:
        case "cron":
            return bool(phrase.timing.expression == row["cron"])
        case "interval":
            return bool(phrase.timing.seconds == row["seconds"])
        case "once":
            return phrase.timing.at == datetime.fromisoformat(row["at"])


def main() -> None:
    """Print the share that is right and the number of wrong guesses for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failures", action="store_true", help="print the tuning set's failures")
    options = parser.parse_args()
    for name in SETS:
        found = list(outcomes(name))
        right = sum(outcome.right for outcome in found)
        guesses = sum(outcome.wrong_guess for outcome in found)
        print(f"{name}: {right}/{len(found)} right ({right / len(found):.1%}), {guesses} wrong guesses")
        for outcome in found if options.failures and name == "schedules_tuning" else ():
            if not outcome.right:
                print(f"  {outcome.text}\n    {outcome.got}")


if __name__ == "__main__":
    main()
