"""Names and words that the example company is made of. Nobody is meant: addresses and numbers are those that
are kept for examples (RFC 2606; Ofcom's numbers for drama).
"""

from __future__ import annotations

FIRST = (
    "Aisha", "Albert", "Amira", "Astrid", "Bruno", "Carmen", "Chloe", "Daniel", "Deepa", "Elif", "Emre",
    "Eva", "Farah", "Felix", "Freya", "Gareth", "Giulia", "Hana", "Harold", "Ines", "Ivan", "Jakub",
    "Joanna", "Jonas", "Kavya", "Kenji", "Lars", "Leila", "Lucas", "Magda", "Marco", "Mei", "Miguel",
    "Nadia", "Nils", "Noor", "Olga", "Oscar", "Paula", "Petra", "Quentin", "Rafael", "Rosa", "Samir",
    "Sofia", "Tariq", "Tomas", "Uma", "Vera", "Viktor", "Wanda", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
LAST = (
    "Abbott", "Alvarez", "Bakker", "Baptiste", "Bianchi", "Carlsen", "Chen", "Costa", "Dahl", "Dubois",
    "Egger", "Farkas", "Fischer", "Garcia", "Gruber", "Haddad", "Hansen", "Horvat", "Ito", "Jansen",
    "Kaya", "Keller", "Kowalski", "Larsen", "Lopez", "Maier", "Marin", "Moreau", "Murphy", "Nagy",
    "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Quinn", "Rossi", "Sato", "Schmid", "Silva", "Singh",
    "Steiner", "Suarez", "Szabo", "Tanaka", "Turner", "Urban", "Varga", "Weber", "Wood", "Yilmaz",
    "Zeller",
)  # fmt: skip
PLACES = (
    "Aberfold", "Brackwater", "Castlemere", "Dunhollow", "Eastmarsh", "Fernley", "Gorsedale",
    "Highbeck", "Ivybridge", "Kingsward", "Langmoor", "Millbrook", "Northgate", "Oakhurst", "Penrose",
    "Quarrington", "Redcliff", "Silverdale", "Thornbury", "Westfold",
)  # fmt: skip
TRADES = (
    "Bakery",
    "Brewery",
    "Clinic",
    "Dairy",
    "Farm",
    "Foundry",
    "Garage",
    "Hotel",
    "Joinery",
    "Laundry",
    "Library",
    "Nursery",
    "Printing",
    "School",
    "Sports Club",
    "Storage",
    "Timber",
    "Workshop",
)
#: Numbers that Ofcom keeps for drama, by the code of a town: the last three digits are free.
TOWNS = (
    "113 496 0",
    "114 496 0",
    "115 496 0",
    "116 496 0",
    "117 496 0",
    "118 496 0",
    "121 496 0",
    "131 496 0",
    "141 496 0",
    "151 496 0",
    "161 496 0",
    "191 498 0",
    "20 7946 0",
)
KIT = (
    "roof panels",
    "heat pump",
    "battery",
    "charging point",
    "inverter",
    "maintenance plan",
)
TROUBLE = (
    "No hot water",
    "Inverter shows a red light",
    "Wrong invoice",
    "Fitter did not come",
    "App does not open",
    "Panel is cracked",
    "Please call back",
    "Moving house",
)
MEETINGS = (
    "Site visit",
    "Offer",
    "Handover",
    "Yearly check",
    "Fitting",
)
