"""Words that stand for one another, so that an agent with few examples still understands the next person."""

from __future__ import annotations

GROUPS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in (
        "create make generate produce prepare do run start kick perform trigger take initiate launch execute",
        "send mail email shoot dispatch forward drop fire relay route",
        "notify inform tell alert warn advise update ping message contact",
        "summarize summary summarise recap gist tldr digest condense overview takeaways takeaway nutshell outline"
        " rundown"
        " essence upshot highlights abstract synopsis",
        "write draft compose author pen craft formulate word phrase wordsmith ghostwrite script",
        "brainstorm invent think suggest propose imagine dream",
        "rewrite rephrase reword paraphrase polish revise rework improve edit refine restyle touch tweak redo"
        " transform restructure convert",
        "proofread correct spellcheck typo typos grammar spelling mistake mistakes punctuation",
        "translate translation render translated",
        "find search look lookup locate query dig retrieve collect gather",
        "show list display view enumerate give get",
        "remember memorize memorise note record log jot keep store save memo scribble document capture",
        "calculate compute work solve figure determine evaluate calc reckon tot",
        "backup snapshot archive export dump copy image checkpoint",
        "read open fetch visit skim scan check browse look load",
        "headlines headline news stories newest latest recent updates entries",
        "feed feeds rss atom",
        "page article site website webpage post blog link url",
        "time clock hour oclock",
        "morning afternoon evening night daytime nighttime daylight dawn dusk midday midnight noon bedtime",
        "asleep awake sleeping bed",
        "call ring phone telephone",
        "date day weekday",
        "shorten trim condense cut tighten abridge compress shorter",
        "expand lengthen elaborate extend longer",
        "formal friendlier politer nicer kinder warmer softer gentler casual"
        " professional"
        " diplomatic elegant funnier punchier clearer simpler harsh tone politely kindly nicely formally",
        "announcement newsletter letter reply invitation memo statement tweet response apology complaint reminder"
        " notice congratulations condolences rejection refusal resignation reference"
        " recommendation testimonial bulletin"
        " press-release postcard card",
        "poem haiku limerick story song rhyme verse joke sonnet ballad ode lyrics rap pun riddle tale fable novel"
        " novella fairytale anecdote monologue dialogue sketch play scene screenplay poetry rhymes jingle stanza"
        " couplet vows prayer"
        " roast toast speech eulogy obituary tribute",
        "slogan tagline motto catchphrase caption title headline hook opener teaser blurb hashtag hashtags"
        " punchline one-liner"
        " one-liners nickname slogans taglines captions titles mottos names subtitle strapline pun puns rhymes"
        " acrostic jingles variants alternatives synonym synonyms quip catchphrases",
        "bio biography profile advert advertisement ad copy pitch brochure flyer leaflet poster faq description"
        " prospectus"
        " job-ad vacancy cv resume",
        "essay report article paragraph sentence text chapter column editorial introduction intro conclusion"
        " abstract wording phrasing draft handout manual guide tutorial briefing script agenda outline checklist"
        " quiz quote bullets bullet"
        " lines postmortem readme changelog minutes proposal manifesto mission statement questionnaire",
        "everything workspace data database",
        "divide divided split share halve",
        "multiply multiplied times product double triple",
        "add plus sum total",
        "minus subtract less",
        "convert conversion turn change",
    )
)
