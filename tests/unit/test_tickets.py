"""Tickets differ, within what made them and beyond it."""

from __future__ import annotations

from core.tickets import Tickets


def test_no_two_are_the_same_whoever_made_them() -> None:
    made = [Tickets() for _ in range(50)]
    given = [tickets.next() for tickets in made for _ in range(100)]
    assert len(set(given)) == len(given)
    assert {len(ticket) for ticket in given} == {32}
