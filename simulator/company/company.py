"""Brightwater Solar, which sells and fits solar panels: people, companies, deals and invoices of ten years.

The same 5,000 records each time, but for their times: these are told back from the moment of starting, so
that "older than two years" finds the same records today and next year.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from simulator.clock import iso
from simulator.company import words

#: How many records each module has.
MODULES = {
    "Accounts": 400,
    "Contacts": 1_200,
    "Leads": 1_400,
    "Deals": 700,
    "Campaigns": 10,
    "Cases": 390,
    "Events": 300,
    "Invoices": 600,
}
_DAY = 86_400
#: The ids of a module start with its place in this list.
_FIRST = 5_204_913_000_000_000_000
#: A person who is in six modules, beside somebody whose address holds hers.
MIRA = {"First_Name": "Mira", "Last_Name": "Lindqvist", "Email": "mira.lindqvist@example.com"}
MIRAS_NUMBER = "+44 20 7946 0735"
_NOT_HER = {"First_Name": "Almira", "Last_Name": "Lindqvist", "Email": "almira.lindqvist@example.com"}

Row = dict[str, Any]


def _criteria(field: str, value: Any, comparator: str = "equal") -> Row:
    return {"comparator": comparator, "field": {"api_name": field}, "value": value}


#: Views as people make them; `cvid` as the guides name them.
VIEWS: tuple[Row, ...] = (
    {
        "module": "Leads",
        "cvid": "5204913000000538001",
        "name": "Fair visitors, no interest",
        "criteria": {
            "group_operator": "and",
            "group": [_criteria("Lead_Source", "Trade fair"), _criteria("Lead_Status", "Not interested")],
        },
    },
    {
        "module": "Contacts",
        "cvid": "5204913000000538002",
        "name": "Former customers",
        "criteria": _criteria("Customer", "Former"),
    },
    {
        "module": "Deals",
        "cvid": "5204913000000538003",
        "name": "Lost deals",
        "criteria": _criteria("Stage", "Closed Lost"),
    },
)


def data(now: float) -> Row:
    """Records and views in the shape that `seeds.load` takes. `now`: seconds, from which times count back."""
    company = _Company(now)
    made = {
        "Accounts": list(company.accounts()),
        "Contacts": list(company.contacts()),
        "Leads": list(company.leads()),
        "Deals": list(company.deals()),
        "Cases": list(company.cases()),
        "Events": list(company.events()),
        "Invoices": list(company.invoices()),
        "Campaigns": list(company.campaigns()),
    }
    return {"records": made, "views": list(VIEWS)}


def record_id(module: str, n: int) -> str:
    """The id of the module's n-th record, from 0. Never one that ends with zeros, as a rounded one does."""
    return str(_FIRST + (list(MODULES).index(module) + 1) * 10_000_000 + n * 37 + 11)


class _Company:
    """What is made. `random` is seeded, so that it is the same each time."""

    def __init__(self, now: float) -> None:
        self._now, self._random = now, random.Random(19)

    def _pick(self, *of: str) -> str:
        return self._random.choice(of)

    def _ago(self, *, least: float, most: float) -> Row:
        """Created so many days ago, and changed since; none on the edge of a whole year or month."""
        days = self._random.uniform(least, most)
        return {
            "Created_Time": iso(self._now - days * _DAY),
            "Modified_Time": iso(self._now - self._random.uniform(0, days) * _DAY),
        }

    def _person(self, n: int) -> Row:
        first, last = self._pick(*words.FIRST), self._pick(*words.LAST)
        host = self._pick("example.com", "example.net", "example.org")
        return {"First_Name": first, "Last_Name": last, "Email": f"{first}.{last}.{n}@{host}".lower()}

    def _number(self, n: int) -> str:
        return f"+44 {words.TOWNS[n % len(words.TOWNS)]}{n // len(words.TOWNS) % 1000:03}"

    def _rows(self, module: str) -> Iterator[tuple[int, Row]]:
        for n in range(MODULES[module]):
            yield n, {"id": record_id(module, n)}

    def _to(self, module: str, n: int) -> Row:
        return {"id": record_id(module, n % MODULES[module])}

    def accounts(self) -> Iterator[Row]:
        """Companies that bought, or may buy."""
        for n, row in self._rows("Accounts"):
            name = f"{words.PLACES[n % len(words.PLACES)]} {words.TRADES[n // len(words.PLACES) % 18]}"
            again = n // (len(words.PLACES) * 18)
            name += f" {again + 1}" if again else ""
            yield {
                **row,
                "Account_Name": name,
                "Phone": self._number(6_000 + n),
                **self._ago(least=200, most=3650),
            }

    def contacts(self) -> Iterator[Row]:
        """People of companies, and customers without one. The first is Mira."""
        for n, row in self._rows("Contacts"):
            person = dict((MIRA, _NOT_HER)[n]) if n < 2 else self._person(n)
            number = MIRAS_NUMBER if n == 0 else self._number(n)
            customer = "Former" if n % 9 == 5 else self._pick("Current", "Current", "Interested")
            company = {"Account_Name": self._to("Accounts", n)} if n % 3 else {}
            yield {
                **row,
                **person,
                "Phone": number,
                "Customer": customer,
                **company,
                **self._ago(least=30, most=3650),
            }

    def leads(self) -> Iterator[Row]:
        """Who asked, called, or left a card at a fair. The first is Mira, before she became a customer."""
        for n, row in self._rows("Leads"):
            person = {**MIRA, "Email": "Mira.Lindqvist@Example.com"} if n == 0 else self._person(20_000 + n)
            source = self._pick("Web form", "Trade fair", "Telephone", "Partner")
            status = self._pick("New", "Contacted", "Contacted", "Not interested", "No answer")
            yield {
                **row,
                **person,
                "Mobile": self._number(7_000 + n),
                "Company": f"{self._pick(*words.PLACES)} {self._pick(*words.TRADES)}",
                "Lead_Source": source,
                "Lead_Status": status,
                **self._ago(least=1, most=1500),
            }

    def deals(self) -> Iterator[Row]:
        """Offers, won and lost. The first is Mira's."""
        for n, row in self._rows("Deals"):
            times = self._ago(least=10, most=2500)
            stage = self._pick("Qualification", "Negotiation", "Closed Won", "Closed Won", "Closed Lost")
            yield {
                **row,
                "Deal_Name": f"{self._pick(*words.PLACES)}: {self._pick(*words.KIT)}",
                "Stage": "Closed Won" if n == 0 else stage,
                "Amount": self._random.randrange(900, 60_000, 50),
                "Closing_Date": times["Modified_Time"][:10],
                "Contact_Name": self._to("Contacts", n * 7),
                "Account_Name": self._to("Accounts", n),
                **times,
            }

    def cases(self) -> Iterator[Row]:
        """What customers complained about. The first is Mira's, by her address alone."""
        for n, row in self._rows("Cases"):
            person = MIRA if n == 0 else self._person(40_000 + n)
            status = self._pick("Open", "Closed", "Closed", "Closed")
            yield {
                **row,
                "Subject": self._pick(*words.TROUBLE),
                "Email": person["Email"],
                "Status": status,
                **self._ago(least=1, most=1800),
            }

    def events(self) -> Iterator[Row]:
        """Visits. Mira took part in the first."""
        for n, row in self._rows("Events"):
            guest = {"participant": record_id("Contacts", n * 3 % MODULES["Contacts"]), "type": "contact"}
            yield {
                **row,
                "Event_Title": f"{self._pick(*words.MEETINGS)} {self._pick(*words.PLACES)}",
                "Participants": [guest],
                **self._ago(least=5, most=1200),
            }

    def invoices(self) -> Iterator[Row]:
        """What was sold; the law wants them kept for years. The first is Mira's."""
        for n, row in self._rows("Invoices"):
            yield {
                **row,
                "Subject": f"Invoice {2_016_000 + n}",
                "Contact_Name": self._to("Contacts", n * 7),
                "Account_Name": self._to("Accounts", n),
                "Grand_Total": self._random.randrange(90, 60_000, 10),
                **self._ago(least=10, most=3650),
            }

    def campaigns(self) -> Iterator[Row]:
        """Mailings, each with the contacts that got it. Mira got the first."""
        for n, row in self._rows("Campaigns"):
            got = [record_id("Contacts", each) for each in range(n, MODULES["Contacts"], 40)]
            name = f"{('Spring', 'Autumn')[n % 2]} letter {n // 2 + 1}"
            yield {**row, "Campaign_Name": name, "Contacts": got, **self._ago(least=100, most=1800)}
