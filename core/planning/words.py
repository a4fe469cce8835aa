"""What the rule planner knows of English: connectives, politeness, pronouns and common words. No agent's business."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


IRREGULAR = {
    "made": "make", "sent": "send", "wrote": "write", "written": "write", "taken": "take", "took": "take", "got": "get",
    "gotten": "get", "found": "find", "read": "read", "run": "run", "ran": "run", "put": "put", "told": "tell",
    "drawn": "draw", "said": "say", "done": "do", "kept": "keep", "backed": "back", "gone": "go", "given": "give",
    "sung": "sing", "built": "build", "brought": "bring", "thought": "think", "chosen": "choose", "summed": "sum",
}  # fmt: skip
"""Past forms of the verbs that requests begin with."""

PAST = IRREGULAR | {
    "spent": "spend", "paid": "pay", "bought": "buy", "sold": "sell", "held": "hold", "met": "meet", "won": "win",
    "spoke": "speak", "chose": "choose", "drew": "draw", "began": "begin", "came": "come", "went": "go", "sang": "sing",
    "drove": "drive", "fell": "fall", "grew": "grow", "rose": "rise", "ate": "eat", "eaten": "eat", "drunk": "drink",
    "knew": "know", "known": "know", "gave": "give", "showed": "show", "shown": "show", "taught": "teach",
}  # fmt: skip
"""Past forms, of these verbs and of others, that mean the same task in a question about what was."""

FUNCTION = _set(
    "a an the this that these those some any all each every both either no not and or but nor so then than as if"
    " of in on at to from by for with without about into onto over under between within during until till since"
    " per via off up down out is are was were be been being am do does did done doing have has had having will"
    " would shall should can could may might must need i you he she it we they me him her us them my your his its"
    " our their mine yours once upon using based ahead prior soon whenever having after before while instead"
    " besides additionally moreover separately next finally lastly later afterwards afterward thereafter"
    " subsequently beforehand followed following second secondly third thirdly else ever never always often still"
    " yet already almost even rather whether though although because unless however therefore thus hence indeed"
    " maybe perhaps around away back among along across behind below above against beside beyond near out toward"
    " towards within due ours theirs what which who whom whose when where why how there here just only also too"
    " very really quite now please kindly again more most much many few less least other another same such own one"
    " ones"
)
"""Words that carry no subject; an unknown one never counts against an agent."""

NEUTRAL = _set(
    "thing things something anything stuff way bit quick quickly short shortly brief briefly little new old good"
    " nice great best better right left next last first second third today tomorrow yesterday tonight morning"
    " afternoon evening week month year day hour minute moment currently exactly actually maybe perhaps instead"
    " asap urgently possible able want like get give show tell let make know see look go come help use using team"
    " people person everyone everybody someone guy guys folks colleague boss customer client company office"
)
"""Everyday words that say little either way."""

GENERIC = _set(
    "make do run start create get give take put set go come have find look show tell let know use want need try"
    " begin kick perform trigger generate produce prepare bring pull work turn change add keep open check list"
    " print say call think help see ask is are was were be what how which when can could would will should may"
    " does did who where there here so just also now still me us you your up out off down over in on at for of to"
    " from with by a an the my our this that it its and or not no any some one all much many more most please i we"
)
"""Words that go with everything; alone they speak for nobody."""

OPERATORS = _set("times plus minus divided multiplied over less")
"""Words that go on with a figure."""

QUESTION = _set(
    "what which who whom whose when where why how is are do does did can could will would should has have any was"
    " were"
)

EXPLETIVE_BEFORE = _set("is was are be what's whats does did would will how's")

IMPERATIVES = _set(
    "accept activate add adjust answer append apply approve archive arrange ask assign attach back begin block"
    " book brainstorm brief bring build bump buy calculate call cancel catch change chart chat check choose clean"
    " clear close code collect combine come commit compare complete compose compute confirm connect contact"
    " convert copy correct count create cut deactivate debug decide define delete deliver deploy describe design"
    " determine develop disable divide do double download draft draw drop dump duplicate edit email enable end"
    " escalate estimate evaluate examine execute explain export extend extract fetch figure file fill filter find"
    " finish fix follow forget format forward gather generate get give go grab halve help hide hire identify"
    " ignore import improve include increase inform insert inspect install introduce invite invoice join jot keep"
    " kick launch leave let link list load locate lock log look lower mail make mark measure meet mention merge"
    " message monitor move multiply mute name note notify open order organise organize pack paint parse pass pen"
    " paste pay phone pick ping place plan play plot polish post prepare present preview print proofread propose"
    " provide publish pull purchase push put query raise rank rate read rebuild recap reboot receive recommend"
    " record reduce refresh refund register reject release reload remember remind remove rename render renew rent"
    " repeat rephrase replace reply report request research reserve reset resolve respond restart restore retrieve"
    " return review revise revoke reword rewrite ring roll round run save say scan schedule scrape search select"
    " sell send separate set share ship shoot shorten show shut sign simplify sketch skim snapshot solve sort"
    " spell split spin start stash stop store stream submit subscribe subtract suggest sum summarise summarize"
    " switch sync tag take teach tell test times track train transfer transform translate try turn tweet type undo"
    " uninstall unlock unsubscribe update upgrade upload use validate verify view visit wait wake warn watch wipe"
    " work wrap write"
    " advise alert author bookmark boil bundle chuck clone condense cook craft crunch dispatch distill"
    " document dream formulate"
    " highlight hit invent memorise memorize nudge outline phrase poll pop preserve redo reformulate relay"
    " route safeguard"
    " scribble secure soften stick tldr tot transcribe whip word wordsmith zip"
)
"""Verbs that people begin requests with. Whether an agent can serve one is for the ranking to say."""

REPORTING = _set(
    "note notes noted remember remind mail email e-mail message inform tell telling say saying announce record log"
    " save keep mind down jot memo write writing let know notify warn notice store reply respond text ping mention"
    " add post putting put pin bear forget document archive drop shoot send line mails emails saved"
)
"""After one of these, "that …" is content: words to keep or to pass on, not a task."""

DELIVERY = _set(
    "send email mail e-mail forward save store keep file note jot log record put post share pass remember drop"
    " shoot ship write stash message notify inform tell ping"
)
"""Verbs that hand something on as it is; "it" in a later clause still means the thing itself."""

HANDING_ON = _set(
    "send email mail e-mail forward save store keep file log record put post share pass drop shoot ship write"
    " stash deliver add note jot pin get fire route relay pop stick attach append include remember memorise"
    " memorize keep"
)
"""Verbs whose object is often what an earlier step made."""

SPEECH = _set("saying telling asking stating announcing informing reading mentioning")
TOPIC = _set("about regarding concerning re mentioning containing mention mentions contain contains")

DONE = _set(
    "done finished ready complete completed over through available there made created worked ran succeeded"
)

DERIVED = _set(
    "result results summary summaries answer answers output outputs translation translations digest draft outcome"
    " total figure findings newsletter announcement poem haiku limerick story slogan tweet recap gist rewrite"
    " invitation translated rewritten archive download overview calculation conversion reply response list text"
    " link file numbers sum takeaways points facts details amount number summarised summarized version message"
    " sentence phrase line lines paragraph product quotient difference remainder share explanation pitch report"
)
"""Nouns that, after "the", name something an earlier step made."""

SOURCES = _set(
    "story stories article articles page pages post posts headline headlines news entries items findings results"
    " result answer outcome figure number total"
)
"""What texts are written about when they are written about what came before."""

TRANSFORMING = _set(
    "translate rewrite rephrase shorten summarise summarize reword polish condense turn convert make format use"
    " include add multiply divide subtract round double halve announce proofread explain simplify expand"
)
"""Verbs that make something new of what came before."""

FINITE = _set(
    "is are was were has have had will would said says told tells asked asks gave gives got gets came comes went"
    " goes made makes took takes wrote writes wants needs keeps runs seems looks broke left leaves lost found"
    " bought paid costs cost lands land wishes hopes expects requires requests starts ends begins began"
    " opens closes arrives departs sits works lives"
    " means sent sends thinks thought loves likes hates knows knew feels felt became becomes agreed decided wanted"
    " wishes expects expected requested asked requires has hopes needed just still keeps held meets met owes"
)
"""Forms that a verb has when something is told, not asked for."""

EXTRACTING = _set(
    "pick extract highlight point name identify single filter sort group count mention quote stress focus keep include"
)
"""Verbs that go on about a text rather than ask for something else."""

MODALS = _set("should shall must need needs has have ought will would can could wants want plans to going")

GREETING = _set(
    "hi hello hey heya hiya yo howdy greetings morning afternoon evening day good dear bot flowmate there all"
    " everyone everybody team folks again welcome to you"
)
THANKS = _set(
    "thanks thank thx ty cheers appreciated appreciate much many you so very a lot advance in kindly regards best"
    " tia for your the help all that again bunch million ta tons already it everything yesterday today lovely"
    " support effort time work wonderful really this kind and dear flowmate bot"
)
SMALL_TALK = _set(
    "ok okay k lol haha hahaha cool nice great good fine perfect super awesome wow yes no yep nope yeah sure right"
    " well done job never mind nvm nevermind hmm hm oh ah oops sorry bye goodbye see later cu ciao love it got"
    " alright amazing brilliant excellent job work you guys everyone all that's is thats too very so much a the"
)
ANCHORS = _set(
    "hi hello hey heya hiya yo howdy greetings morning afternoon evening welcome thanks thank thx ty cheers"
    " appreciated appreciate regards ok okay k lol haha hahaha cool nice great good fine perfect super awesome wow"
    " yes no yep nope yeah sure right done nevermind nvm never hmm hm oh ah oops sorry bye goodbye ciao cu alright"
    " amazing brilliant excellent wonderful lovely tia dear flowmate"
)
"""At least one of these makes chat of words that could also be a subject."""

UNITS = _set(
    "km kilometer kilometers kilometre kilometres mile miles m meter meters metre metres cm centimeter centimeters"
    " centimetre centimetres mm millimeter millimeters inch inches ft foot feet yard yards kg kilo kilos kilogram"
    " kilograms g gram grams lb lbs pound pounds oz ounce ounces stone stones ton tons tonne tonnes litre litres"
    " liter liters l ml gallon gallons pint pints quart quarts cup cups tablespoon tablespoons teaspoon teaspoons"
    " c f celsius fahrenheit kelvin degree degrees mph kph knots acre acres hectare hectares byte bytes bit bits"
    " kb mb gb tb kib mib gib tib kilobytes megabytes gigabytes terabytes kilobyte megabyte gigabyte terabyte watt"
    " watts kw kwh joule joules calorie calories kcal psi bar newton volts nm"
)
MONEY = _set(
    "eur euro euros usd dollar dollars gbp quid chf franc francs yen cent cents bucks sek nok pln inr rupees"
)
TIME_UNITS = _set(
    "second seconds minute minutes hour hours day days week weeks month months year years fortnight decade"
)
DAYS = _set(
    "january february march april june july august september october november december jan feb mar apr jun jul aug"
    " sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur"
    " thurs fri christmas easter halloween thanksgiving newyear xmas today tomorrow yesterday tonight noon midnight"
)
SUBORDINATE = _set("if because since as while although though unless whereas given assuming")
LANGUAGES = _set(
    "english german french spanish italian portuguese dutch polish czech slovak hungarian romanian bulgarian greek"
    " turkish russian ukrainian serbian croatian slovenian finnish swedish norwegian danish icelandic irish welsh"
    " scottish gaelic latin hebrew arabic persian farsi hindi urdu bengali tamil telugu punjabi thai vietnamese"
    " indonesian malay filipino tagalog japanese korean chinese mandarin cantonese swahili afrikaans esperanto"
    " catalan basque galician estonian latvian lithuanian albanian maltese luxembourgish flemish brazilian"
    " american british"
)
ENGLISH_NUMBERS = _set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty"
    " sixty seventy eighty ninety hundred thousand million dozen"
)
EVERYDAY = _set(
    "weather flight flights hotel train trains bus taxi car cars house home food lunch dinner breakfast coffee tea"
    " water milk bread pizza money bank price stock stocks music song songs movie film game games book books phone"
    " laptop computer keyboard mouse screen server servers door window light lights room table chair kitchen"
    " garden school doctor dentist hospital police street road city town country world war peace love life death"
    " family mother father brother sister child children friend friends dog cat bird fish tree flower summer"
    " winter spring autumn rain snow sun moon star wind sea mountain river beach holiday vacation trip travel"
    " ticket tickets passport visa airport station hair hand head heart face body health job jobs career salary"
    " contract lawyer court law tax taxes invoice invoices bill bills shop store market sale budget product"
    " products service services issue issues bug bugs code branch release deploy test tests user users account"
    " accounts password login website network cloud order orders delivery package parcel letter letters colour"
    " color picture pictures photo photos video videos camera alarm timer calendar meeting meetings appointment"
    " birthday party wedding gift present election president minister government sport football soccer tennis"
    " match score team player question questions problem problems idea ideas reason trouble mistake error errors"
    " truth story stories history science form from trial trail angle angel quiet quite loose lose desert dessert"
    " where wear ware piece peace plane plain seat seats night nights life wife knife side site sight night right"
    " write wrote rate race rent sent cent send"
)
"""Words that are spelt as they are meant, whatever they look like."""
