"""Calculations told as stories: the right number, or nothing at all."""

from __future__ import annotations

import pytest

from tests.unit.tool_bench import said, task, tools

RATES = [
    ("if I sell 130 tickets at 24 a pop what do I rake in", "130 × 24 = **3,120**"),
    ("24 emails a day times 365", "24 × 365 = **8,760**"),
    ("The translation costs 0.14 per word; what is the price for 6,350 words?", "0.14 × 6350 = **889**"),
    ("if a gym costs 29.90 a month, what do I pay per year", "29.90 × 12 = **358.8**"),
    ("I put aside 150 a month for 3 years, how much is that", "150 × 12 × 3 = **5,400**"),
    ("60000 a year, how much is that per month?", "60000 / 12 = **5,000**"),
    ("monthly rate for 10,800 over 36 months without interest", "10800 / 36 = **300**"),
    ("monthly cost of 12 instances at 0.34 per hour, 730 hours", "12 × 0.34 × 730 = **2,978.4**"),
    ("3 notes at 12.50 each plus 19%", "(3 × 12.50) + 19% = **44.625** (about 44.63)"),
    ("our burn is 42000 a month and 336000 is left, how many months is that", "336000 / 42000 = **8**"),
    ("An article has 1,840 words and I read 230 words per minute, how many minutes?", "1840 / 230 = **8**"),
    ("I have 1200 flyers and a box holds 250, how many boxes do I need", "1200 / 250 = **4.8**"),
    ("drove 420 km in 5 hours, what's my average speed", "420 / 5 = **84**"),
    ("25 people, 3 slices each, how many slices", "25 × 3 = **75**"),
    ("each of the 14 teams pays 35, what's the total", "14 × 35 = **490**"),
    ("12 apples cost 3.60, how much is one", "3.60 / 12 = **0.3**"),
    ("If the exchange rate is 1.084, how many dollars are 7,200 euros?", "7200 × 1.084 = **7,804.8**"),
]
SHARES = [
    (
        "revenue went from 1.8 million to 2.07 million, growth in percent?",
        "(2070000 - 1800000) / 1800000 × 100 = **15%**",
    ),
    ("price dropped from 80 to 60, by how many percent", "(60 - 80) / 80 × 100 = **-25%**"),
    ("If 3 of 240 requests failed, what's that in percent", "3 is **1.25%** of 240"),
    ("45 signups from 900 visitors, what's the conversion rate", "45 is **5%** of 900"),
    ("margin when cost is 60 and price is 80, in percent", "(80 - 60) / 80 × 100 = **25%**"),
    ("mark-up in percent when I buy for 60 and sell for 90", "(90 - 60) / 60 × 100 = **50%**"),
    ("we send 350 emails a day and 12% bounce, how many bounce", "12% of 350 = **42**"),
    ("the jacket is 129 with 30% off, what do I pay", "129 - 30% = **90.3**"),
    ("Salary 54000, raise of 3.5%, what's the new salary?", "54000 + 3.5% = **55,890**"),
    ("net price is 240, 19% VAT, what's gross?", "240 + 19% = **285.6**"),
    ("119 gross incl 19% VAT, what's the net amount", "119 / (1 + 19%) = **100**"),
    ("work out 5% late fee on an open amount of 3,300", "5% of 3300 = **165** (together 3,465)"),
    ("I had 500 and spent 137.50, how much is left?", "500 - 137.50 = **362.5**"),
    ("bought the bike for 350 and sold it for 420, how much profit did I make", "420 - 350 = **70**"),
]
LISTS_AND_UNITS = [
    ("avg of 12, 18, 33 and 47 ms", "avg(12, 18, 33, 47) = **27.5**"),
    ("what's the median of 3, 9, 4, 12 and 7", "median(3, 9, 4, 12, 7) = **7**"),
    ("tot up 14.20, 9.99 and 31.05", "sum(14.20, 9.99, 31.05) = **55.24**"),
    ("the sum of 812 and 949 minus 77 pls", "(812 + 949) - 77 = **1,684**"),
    ("twice 17,350 minus 900", "2 × 17350 - 900 = **33,800**"),
    ("log2(65536)?", "log2(65536) = **16**"),
    ("how many square metres is a room of 4.2 m by 3.6 m", "4.2 × 3.6 = **15.12**"),
    ("what is 3 x 45 minutes in hours", "135 minutes = **2.25 hours**"),
    ("i need the total of 349, 129 and 89", "sum(349, 129, 89) = **567**"),
    ("Commission: 4% out of 96,300.", "4% of 96300 = **3,852**"),
    ("how many seconds does a day have, times 7", "7 day = **604,800 seconds**"),
    ("oven says 375 F, my brain only speaks celsius", "375 °F ≈ **190.5556 celsius**"),
    ("my suitcase weighs 23 kilos, in pounds that's...?", "23 kilos ≈ **50.7063 pounds**"),
    ("ok brain is mush, what's 18 percent of 2450", "18% of 2450 = **441**"),
    ("how many hours are 495 minutes? I need it for a timesheet", "495 minutes = **8.25 hours**"),
    ("Hi lovely, would you mind terribly working out 17% of 3900? Bless you", "17% of 3900 = **663**"),
]


@pytest.mark.parametrize(("text", "answer"), [*RATES, *SHARES, *LISTS_AND_UNITS])
async def test_a_story_is_worked_out(text: str, answer: str) -> None:
    assert await said(tools()["calculate"], task(text)) == answer


@pytest.mark.parametrize(
    "text",
    [
        "my dog eats 300 g a day, how long does a 12 kg bag last",
        "my phone has 64 GB, a photo takes 4 MB, how many photos fit",
        "8% interest on 5000 for 3 years, what do I get",
        "our backup failed 3 times in 5 days, so annoying",
        "the meeting has 5 people and takes 2 hours, what is the agenda",
        "write a story about 3 cats who eat 5 fish a day, how many fish?",
        "what did we note about the 20% discount for 3 customers?",
        "transfer 400 euros to the account of the caterer",
        "order 3 pizzas at 12 each",
        "what are the 5 best restaurants per 100 people",
        "how many emails did we send in 30 days",
        "add a note, the new cost centre is 40-771",
        "what's the score of the game, 3 to 2?",
        "remind me in 20 minutes",
        "what is 2+2 every other blursday at 8",
        "what is 100 - 30 every monday at 10",
        "every blursday at 9 what is 2+2",
    ],
)
def test_a_story_that_is_not_sure_is_left_alone(text: str) -> None:
    assert tools()["calculate"].parse(task(text)) is None
