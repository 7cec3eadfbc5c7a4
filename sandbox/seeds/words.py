"""Names, places and streets that records are made from."""

# ruff: noqa: E501, RUF001 - tables are read across; names are spelled as people spell them

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A town as an address shows it; `currency` is blank for US dollar."""

    city: str
    state: str
    post_code: str
    country: str
    dial: str
    street: str  # with room for a name and a number
    legal_form: str
    currency: str = ""


PLACES = (
    Place("Atlanta", "GA", "31772", "US", "+1 404 555", "{number} {name} Street", "Inc."),
    Place("Chicago", "IL", "61236", "US", "+1 312 555", "{number} {name} Avenue", "Corporation"),
    Place("Miami", "FL", "37125", "US", "+1 305 555", "{number} {name} Boulevard", "LLC"),
    Place("Seattle", "WA", "98109", "US", "+1 206 555", "{number} {name} Way", "Inc."),
    Place("Denver", "CO", "80202", "US", "+1 303 555", "{number} {name} Road", "Company"),
    Place("Boston", "MA", "02110", "US", "+1 617 555", "{number} {name} Square", "& Sons"),
    Place("Austin", "TX", "78701", "US", "+1 512 555", "{number} {name} Trail", "Partners"),
    Place("St. Paul", "MN", "55102", "US", "+1 651 555", "{number} {name} Street", "Co-op"),
    Place("London", "", "W2 8HG", "GB", "+44 20 7946", "{number} {name} Road", "Ltd.", "GBP"),
    Place(
        "Birmingham",
        "West Midlands",
        "B27 4KT",
        "GB",
        "+44 121 496",
        "{number} {name} Lane",
        "plc",
        "GBP",
    ),
    Place(
        "Edinburgh",
        "Midlothian",
        "EH1 3EG",
        "GB",
        "+44 131 496",
        "{number} {name} Place",
        "Ltd.",
        "GBP",
    ),
    Place(
        "Bristol", "Somerset", "BS1 5TR", "GB", "+44 117 496", "{number} {name} Quay", "LLP", "GBP"
    ),
    Place(
        "Toronto", "ON", "M5E 1G5", "CA", "+1 416 555", "{number} {name} Crescent", "Ltd.", "CAD"
    ),
    Place("Montréal", "QC", "H2Y 1C6", "CA", "+1 514 555", "{number}, rue {name}", "ltée", "CAD"),
    Place("Vancouver", "BC", "V6B 1A1", "CA", "+1 604 555", "{number} {name} Drive", "Inc.", "CAD"),
    Place(
        "Düsseldorf", "NRW", "40217", "DE", "+49 211 555", "{name}straße {number}", "GmbH", "EUR"
    ),
    Place(
        "München",
        "Bayern",
        "80331",
        "DE",
        "+49 89 555",
        "{name}gasse {number}",
        "GmbH & Co. KG",
        "EUR",
    ),
    Place("Hamburg", "", "20457", "DE", "+49 40 555", "Am {name} {number}", "AG", "EUR"),
    Place("Paris", "", "75009", "FR", "+33 1 70 18", "{number}, rue de {name}", "S.A.R.L.", "EUR"),
    Place(
        "Saint-Étienne",
        "Loire",
        "42000",
        "FR",
        "+33 4 77 55",
        "{number} bis, place {name}",
        "S.A.",
        "EUR",
    ),
    Place(
        "Málaga", "Andalucía", "29015", "ES", "+34 952 555", "Calle {name}, {number}", "S.L.", "EUR"
    ),
    Place("Milano", "MI", "20121", "IT", "+39 02 555", "Via {name} {number}", "S.p.A.", "EUR"),
    Place(
        "'s-Hertogenbosch",
        "Noord-Brabant",
        "5211 JX",
        "NL",
        "+31 73 555",
        "{name}laan {number}",
        "B.V.",
        "EUR",
    ),
    Place("Helsinki", "", "00100", "FI", "+358 9 555", "{name}katu {number}", "Oy", "EUR"),
    Place("Αθήνα", "Αττική", "105 57", "GR", "+30 21 0555", "Οδός {name} {number}", "A.E.", "EUR"),
    Place(
        "Dublin",
        "Co. Dublin",
        "D02 X285",
        "IE",
        "+353 1 555",
        "{number} {name} Street",
        "Ltd.",
        "EUR",
    ),
    Place("København Ø", "", "2100", "DK", "+45 35 55", "{name}vej {number}", "A/S"),
    Place("Åre", "Jämtland", "837 52", "SE", "+46 647 555", "{name}vägen {number}", "AB"),
    Place("Łódź", "łódzkie", "90-001", "PL", "+48 42 555", "ul. {name} {number}", "Sp. z o.o."),
    Place("Plzeň", "", "301 00", "CZ", "+420 377 555", "{name} {number}/4", "s.r.o."),
    Place("東京", "千代田区", "100-0001", "JP", "+81 3 5555", "{name} {number}", "K.K."),
    Place("Zürich", "ZH", "8001", "CH", "+41 44 555", "{name}strasse {number}", "AG"),
)
STREETS = (
    "Station", "Baker", "Water", "Mill", "Church", "Park", "Linden", "Market", "Garden", "Harbour",
    "Peach Tree", "Queen's", "O'Connell", "Victor-Hugo", "Schiller", "Søndre", "St. John's", "Union",
)  # fmt: skip
# The names that everybody who has seen CRONUS knows.
KNOWN_CUSTOMERS = (
    "Adatum Corporation",
    "Trey Research",
    "School of Fine Art",
    "Alpine Ski House",
    "Relecloud",
)
KNOWN_VENDORS = (
    "Fabrikam, Inc.",
    "First Up Consultants",
    "Graphic Design Institute",
    "Wide World Importers",
    "Nod Publishers",
)
COMPANY_WORDS = (
    "Northwind", "Lucerne", "Proseware", "Tailspin", "Litware", "Bellows", "Blue Yonder", "Coho", "Fourth Coffee",
    "Consolidated Messenger", "Humongous", "Margie's", "Southridge", "VanArsdel", "Wingtip", "Woodgrove", "Liberty's",
    "Best For You", "City Power", "Contoso", "Datum", "Fjällbacka", "Köpenick", "Señorío", "L'Été", "Grüne Wiese",
    "Příbor", "Żubr", "Smørrebrød", "Ångström",
)  # fmt: skip
TRADES = (
    "Furniture", "Office Supplies", "Interiors", "Design", "Logistics", "Hotels", "Clinics", "Engineering",
    "Publishing", "Bakeries", "Vineyards", "Toys", "Airlines", "Bank", "Electric", "Research", "Academy",
    "Traders", "Gardens", "Cycles",
)  # fmt: skip
SUPPLIES = (
    "Timber",
    "Steel",
    "Textiles",
    "Lamps",
    "Paint",
    "Hardware",
    "Packaging",
    "Cables",
    "Glass",
    "Tools",
)
FIRST_NAMES = (
    "Amy", "Bart", "Carole", "David", "Esther", "Frank", "Gail", "Hélène", "Ian", "Jürgen", "Kari", "Lars", "María",
    "Niels", "Olga", "Pär", "Quentin", "Renée", "Søren", "Tomáš", "Ulrike", "Věra", "William", "Ximena", "Yuki", "Zoë",
    "Siobhán", "Łukasz", "Δημήτρης", "健太",
)  # fmt: skip
MIDDLE_NAMES = ("", "", "", "", "J.", "Maria", "de la", "van der", "Anne", "")
SURNAMES = (
    "O'Donnell", "Müller-Lüdenscheidt", "Ångström", "García Márquez", "Novák", "Kowalski", "D'Angelo", "Smith",
    "Hansen", "Sørensen", "Virtanen", "Dubois", "Nguyễn", "Papadopoulos", "Šimek", "Johnson", "Taylor", "van Dijk",
    "Yılmaz", "Fernández", "Ó Briain", "Jørgensen", "Zając", "Brown", "Rossi", "Tanaka", "山田", "Wright", "Lefèvre",
    "Green",
)  # fmt: skip
JOB_TITLES = (
    "Purchasing Manager",
    "Managing Director",
    "Office Manager",
    "Buyer",
    "Accountant",
    "Facility Manager",
)
