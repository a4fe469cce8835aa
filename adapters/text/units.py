"""Conversions between units as people ask for them; the names on the left are pint's."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TABLE = """
kilometer: km kms kilometer kilometers kilometre kilometres
meter: m meter meters metre metres
decimeter: dm decimeter decimetre decimeters decimetres
centimeter: cm cms centimeter centimeters centimetre centimetres
millimeter: mm millimeter millimeters millimetre millimetres
micrometer: µm um micrometer micrometers micron microns
nanometer: nm nanometer nanometers nanometre nanometres
mile: mi mile miles
nautical_mile: nmi nautical_mile nautical_miles
yard: yd yds yard yards
foot: ft foot feet
inch: inch inches in
light_year: ly light_year light_years lightyear lightyears
astronomical_unit: au astronomical_unit astronomical_units
kilogram: kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes
gram: g gram grams gramme grammes
milligram: mg milligram milligrams
pound: lb lbs pound pounds
ounce: oz ounce ounces
stone: st stone stones
metric_ton: t tonne tonnes metric_ton metric_tons
short_ton: ton tons short_ton short_tons us_ton us_tons
carat: carat carats
degree_Celsius: c °c celsius centigrade degree_celsius degrees_celsius degrees_c degree_c deg_c celcius
degree_Fahrenheit: f °f fahrenheit degree_fahrenheit degrees_fahrenheit degrees_f degree_f deg_f farenheit
kelvin: k kelvin kelvins
liter: l liter liters litre litres
milliliter: ml milliliter milliliters millilitre millilitres
centiliter: cl centiliter centilitre centiliters centilitres
deciliter: dl deciliter decilitre deciliters decilitres
gallon: gal gallon gallons us_gallon us_gallons
imperial_gallon: imperial_gallon imperial_gallons uk_gallon uk_gallons
quart: qt quart quarts
pint: pint pints
imperial_pint: imperial_pint imperial_pints uk_pint uk_pints
cup: cup cups
tablespoon: tbsp tablespoon tablespoons
teaspoon: tsp teaspoon teaspoons
fluid_ounce: fl_oz fluid_ounce fluid_ounces
oil_barrel: barrel barrels
meter ** 3: m3 m³ cubic_meter cubic_meters cubic_metre cubic_metres
centimeter ** 3: cm3 cm³ cc cubic_centimeter cubic_centimeters cubic_centimetre cubic_centimetres
foot ** 3: ft3 ft³ cubic_foot cubic_feet
inch ** 3: cubic_inch cubic_inches
meter ** 2: m2 m² sqm square_meter square_meters square_metre square_metres
kilometer ** 2: km2 km² sqkm square_kilometer square_kilometers square_kilometre square_kilometres
centimeter ** 2: cm2 cm² square_centimeter square_centimeters
mile ** 2: square_mile square_miles sq_mi
foot ** 2: ft2 ft² sq_ft sqft square_foot square_feet
inch ** 2: sq_in square_inch square_inches
yard ** 2: square_yard square_yards
acre: acre acres
hectare: ha hectare hectares
nanosecond: ns nanosecond nanoseconds
microsecond: µs us microsecond microseconds
millisecond: ms millisecond milliseconds
second: s sec secs second seconds
minute: min mins minute minutes
hour: h hr hrs hour hours
day: d day days
week: wk wks week weeks
fortnight: fortnight fortnights
month: month months
year: yr yrs year years
decade: decade decades
century: century centuries
kilometer / hour: km/h kmh kph kmph km_per_hour kilometers_per_hour kilometres_per_hour
mile / hour: mph mi/h miles_per_hour mile_per_hour
meter / second: m/s mps meters_per_second metres_per_second
foot / second: ft/s fps feet_per_second
knot: kn kt knot knots
bit: bit bits
byte: b byte bytes
kilobyte: kb kilobyte kilobytes
megabyte: mb megabyte megabytes meg megs
gigabyte: gb gigabyte gigabytes gig gigs
terabyte: tb terabyte terabytes
petabyte: pb petabyte petabytes
kibibyte: kib kibibyte kibibytes
mebibyte: mib mebibyte mebibytes
gibibyte: gib gibibyte gibibytes
tebibyte: tib tebibyte tebibytes
kilobit: kbit kilobit kilobits
megabit: mbit megabit megabits
gigabit: gbit gigabit gigabits
megabit / second: mbps mbit/s megabits_per_second
gigabit / second: gbps gbit/s gigabits_per_second
kilobit / second: kbps kbit/s kilobits_per_second
megabyte / second: mb/s megabytes_per_second
gigabyte / second: gb/s gigabytes_per_second
joule: j joule joules
kilojoule: kj kilojoule kilojoules
calorie: cal calorie calories
kilocalorie: kcal kilocalorie kilocalories
watt_hour: wh watt_hour watt_hours
kilowatt_hour: kwh kilowatt_hour kilowatt_hours
megawatt_hour: mwh megawatt_hour megawatt_hours
watt: w watt watts
kilowatt: kw kilowatt kilowatts
megawatt: mw megawatt megawatts
metric_horsepower: ps
horsepower: hp horsepower
pascal: pa pascal pascals
hectopascal: hpa hectopascal hectopascals
kilopascal: kpa kilopascal kilopascals
bar: bar bars
millibar: mbar millibar millibars
pound_force_per_square_inch: psi
standard_atmosphere: atm atmosphere atmospheres
newton: newton newtons
degree: deg degree degrees °
radian: rad radian radians
hertz: hz hertz
kilohertz: khz kilohertz
megahertz: mhz megahertz
gigahertz: ghz gigahertz
revolutions_per_minute: rpm
"""
_UNITS = {
    alias.replace("_", " "): name.strip()
    for name, _, aliases in (line.partition(":") for line in _TABLE.strip().splitlines())
    for alias in aliases.split()
}
_GROUPS = (
    "kilometer meter decimeter centimeter millimeter micrometer nanometer mile nautical_mile yard foot inch",
    "kilogram gram milligram pound ounce stone metric_ton short_ton",
    "degree_Celsius degree_Fahrenheit kelvin",
    "liter milliliter centiliter deciliter gallon imperial_gallon quart pint imperial_pint cup tablespoon teaspoon",
    "second minute hour day week fortnight month year millisecond microsecond nanosecond",
    "bit byte kilobyte megabyte gigabyte terabyte petabyte kibibyte mebibyte gibibyte tebibyte kilobit megabit gigabit",
    "joule kilojoule calorie kilocalorie watt_hour kilowatt_hour megawatt_hour",
    "watt kilowatt megawatt horsepower metric_horsepower",
)
_DIMENSIONS = {unit: number for number, group in enumerate(_GROUPS) for unit in group.split()} | {
    "meter ** 2": -1, "kilometer ** 2": -1, "foot ** 2": -1, "acre": -1, "hectare": -1, "mile ** 2": -1,
    "yard ** 2": -1, "kilometer / hour": -2, "mile / hour": -2, "meter / second": -2, "knot": -2, "foot / second": -2,
}  # fmt: skip
"""Which units measure the same thing, for amounts that are only told of."""
_CURRENCIES = frozenset(
    (
        "eur euro euros usd dollar dollars bucks gbp sterling chf franc francs jpy yen inr rupee "
        "rupees cny yuan pln zloty sek "
        "nok dkk krona kronor kroner cad aud nzd brl real reais czk huf try lira btc bitcoin "
        "bitcoins eth ether $ € £ ¥"
    ).split()
)
_NAMES = sorted((*_UNITS, *_CURRENCIES), key=len, reverse=True)
_UNIT = "(?:" + "|".join(re.escape(name) for name in _NAMES) + r")(?![\w²³])"
_AMOUNT = r"[+-]?(?:\d+(?:\.\d+)?|\([\d.*/ ]+\))"
_FROM = (
    rf"(?P<amount>{_AMOUNT}|an?|the|one) ?(?:of )?(?P<unit>{_UNIT})(?:(?: and"
    rf"|,)? ?(?P<amount2>{_AMOUNT}) ?(?P<unit2>{_UNIT}))?"
)
_TO = (
    r"(?:in|into|to|as|expressed in|converted (?:in)?to|->|→|=|is how many|are how many"
    rf"|equals how many)(?: an?| the| full| how many)? (?P<target>{_UNIT})"
)
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        rf"{_FROM} {_TO}",
        rf"(?P<amount>{_AMOUNT}) (?:from )(?P<unit>{_UNIT}) {_TO}",
        rf"from {_FROM} {_TO}",
        rf"(?:from )?(?P<unit>{_UNIT}) {_TO}:? (?P<amount>{_AMOUNT})",
        rf"(?:how many|how much|number of|what number of|the number of) (?P<target>{_UNIT}) "
        r"(?:(?:is|are|in|equals?|equal to|make up|make|makes|fit into|fit in|go into|does|do"
        r"|there|would|will|be|of|has|have|to|for|that) ){1,4}"
        rf"{_FROM}(?: (?:make|have|has|contain|equal|be|is|are|correspond to|convert to|hold|take))?",
    )
)
_ENDS = re.compile(r"^[ ,:]+|[ ?.!=]+$")


@dataclass(frozen=True)
class Conversion:
    """An amount of one unit asked for in another; the units are pint's names, the labels are the person's."""

    amount: str
    unit: str
    unit_label: str
    target: str
    target_label: str
    extra: tuple[str, str, str] | None = None
    """A second amount, unit and label, as in 5 feet 11 inches."""

    @property
    def plainly(self) -> str:
        """The same in the fewest words."""
        extra = f" {self.extra[0]} {self.extra[2]}" if self.extra else ""
        return f"{self.amount} {self.unit_label}{extra} in {self.target_label}"

    @property
    def money(self) -> bool:
        return "" in (self.unit, self.target)


def to_conversion(text: str) -> Conversion | None:
    """The conversion asked for in lower-case words with plain digits; None where it is none."""
    text = _ENDS.sub("", text)
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match is not None:
            return _read(match.groupdict())
    return None


_SINGLE_SOURCE = re.compile(rf"(?<![\w.])(?P<amount>{_AMOUNT}) ?-?(?P<unit>{_UNIT})", re.IGNORECASE)
_WORD_UNIT = re.compile(
    r"(?<![\w.-])(?:"
    + "|".join(re.escape(name) for name in _NAMES if len(name) > 3 or name in ("km", "kg", "lbs", "mph"))
    + r")(?![\w²³])",
    re.IGNORECASE,
)


def is_unit(word: str) -> bool:
    """Whether a word is a unit of measurement."""
    return word in _UNITS


def to_told_conversion(text: str) -> Conversion | None:
    """One amount with its unit, and one other unit that it is wanted in: "it has 14 kg; in pounds that is?"."""
    sources = list(_SINGLE_SOURCE.finditer(text))
    if len(sources) != 1 or len(re.findall(r"\d+(?:\.\d+)?", text)) != 1:
        return None
    source = sources[0]
    rest = text[: source.start()] + " | " + text[source.end() :]
    targets = {match.group().lower() for match in _WORD_UNIT.finditer(rest)} - {
        "second",
        "degree",
        "degrees",
        "minute",
    }
    if len(targets) != 1 or not _TOLD.search(rest):
        return None
    unit, target = source.group("unit").lower(), targets.pop()
    if (
        unit in _CURRENCIES
        or target in _CURRENCIES
        or _DIMENSIONS.get(_UNITS[unit]) != _DIMENSIONS.get(_UNITS[target])
    ):
        return None
    return _read({"amount": source.group("amount"), "unit": unit, "target": target})


_TOLD = re.compile(
    r"\?|\bin(?:to)?\b|\bspeaks?\b|\bthinks?\b|\bwhat\b|\bhow (?:much|many)\b|\bconvert\w*|\bonly (?:know"
    r"|knows|get)\b",
    re.IGNORECASE,
)


def _read(groups: dict[str, str | None]) -> Conversion | None:
    unit, target = (groups["unit"] or "").lower(), (groups["target"] or "").lower()
    amount = groups["amount"] or ""
    if (unit in _CURRENCIES) != (target in _CURRENCIES):
        return None
    extra = None
    if groups.get("unit2"):
        label = (groups["unit2"] or "").lower()
        extra = (groups["amount2"] or "", _UNITS.get(label, ""), label)
    return Conversion(
        amount="1" if amount.isalpha() else amount,
        unit=_UNITS.get(unit, ""),
        unit_label=unit,
        target=_UNITS.get(target, ""),
        target_label=target,
        extra=extra,
    )


_LABELS = {
    "c": "°C",
    "°c": "°C",
    "f": "°F",
    "°f": "°F",
    "k": "K",
    "kb": "kB",
    "mwh": "MWh",
    "kwh": "kWh",
    "wh": "Wh",
    "w": "W",
    "kw": "kW",
}
_LABELS |= {unit: unit.upper() for unit in ("b", "mb", "gb", "tb", "pb")}
_LABELS |= {unit: unit[0].upper() + "iB" for unit in ("kib", "mib", "gib", "tib")}


def label(unit: str) -> str:
    """The unit as it is usually written: °C, kB, GiB."""
    return _LABELS.get(unit, unit)
