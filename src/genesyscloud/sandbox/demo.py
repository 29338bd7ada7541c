"""A call centre to play with: 200 people in departments, 40 queues with members, a month of conversations.

It is a description like any other (:mod:`.seeds`); the same seed gives the same one.
"""

from __future__ import annotations

from typing import Any

from .rng import Rng

__all__ = ["CONVERSATIONS", "DAYS", "description"]

PEOPLE = 200
CONVERSATIONS = 20_000
DAYS = 30
#: People who report to one lead.
TEAM = 11

FIRST = (
    "Aisha", "Andre", "Anna", "Bilal", "Carmen", "Chen", "Dana", "David", "Eleni", "Emeka", "Emma", "Erik", "Fatima",
    "Felix", "Freya", "Gabriel", "Hana", "Hugo", "Ingrid", "Isabel", "Ivan", "Jamal", "Julia", "Kenji", "Klara", "Lars",
    "Leila", "Liam", "Lucia", "Maja", "Marco", "Maria", "Mei", "Milan", "Mina", "Nia", "Noah", "Nora", "Oleg", "Olivia",
    "Paolo", "Petra", "Rafael", "Rania", "Ravi", "Sara", "Sofia", "Stefan", "Tomas", "Yara",
)  # fmt: skip
LAST = (
    "Adeyemi", "Ahmed", "Andersson", "Bauer", "Bianchi", "Brown", "Castro", "Cohen", "Dubois", "Evans", "Fernandez",
    "Fujita", "Gomez", "Gruber", "Hansen", "Hoffmann", "Hughes", "Ibrahim", "Ito", "Jansen", "Johansson", "Kaya",
    "Khan", "Kim", "Klein", "Kovacs", "Lee", "Lopez", "Marino", "Meyer", "Mori", "Murphy", "Nguyen", "Nielsen",
    "Novakova", "Oliveira", "Papadakis", "Petrov", "Popescu", "Rahman", "Ricci", "Rojas", "Santos", "Schmidt", "Silva",
    "Smith", "Tran", "Walker", "Wang", "Wolf",
)  # fmt: skip
#: Departments: division, share of the people in per cent, skills, subjects of their queues.
DEPARTMENTS: tuple[tuple[str, str, int, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Customer Service", "Service", 38, ("Account", "Address change", "Complaints", "Loyalty programme"),
     ("General enquiries", "Accounts", "Complaints", "Loyalty", "Social media", "Callbacks", "Priority customers")),
    ("Billing", "Finance", 16, ("Invoices", "Payments", "Refunds"), ("Invoices", "Payments", "Refunds", "Dunning")),
    ("Sales", "Sales", 18, ("New contracts", "Upselling", "Retention"),
     ("New customers", "Upgrades", "Retention", "Web leads", "Partner sales")),
    ("Technical Support", "Service", 20, ("Mobile", "Internet", "TV", "Hardware"),
     ("Mobile", "Internet", "Television", "Devices", "Outages", "Second level")),
    ("Logistics", "Operations", 8, ("Delivery", "Returns"), ("Delivery", "Returns", "Warehouse")),
)  # fmt: skip
#: Languages with their share of the people, in per cent, and the suffix of their queues.
SPOKEN = (("English", 100, ""), ("Spanish", 30, " ES"), ("German", 22, " DE"), ("French", 18, " FR"), ("Polish", 9, ""))
LOCATIONS = (
    ("Indianapolis Headquarters", "Indianapolis", "US", "+13175550100"), ("Madrid", "Madrid", "ES", "+34915550100"),
    ("Leipzig", "Leipzig", "DE", "+493415550100"), ("Lyon", "Lyon", "FR", "+33455550100"),
    ("Krakow", "Krakow", "PL", "+48125550100"),
)  # fmt: skip
CODES = (
    "Resolved", "Follow-up needed", "Transferred to second level", "Complaint recorded", "Sale completed", "No sale",
    "Callback agreed", "Wrong number", "No answer", "Voicemail left", "Refund granted", "Refund refused",
    "Appointment made", "Information given", "Test call",
)  # fmt: skip


def description(seed: int | str) -> dict[str, Any]:
    """The description of the organization that belongs to ``seed``."""
    rng = Rng(f"demo\x1f{seed}")
    users = _people(rng)
    queues = _queues(rng, users)
    leads = [user["email"] for user in users if user["title"] == "Team Lead"]
    departments = [name for name, *_ in DEPARTMENTS]
    groups: list[dict[str, Any]] = [
        {"name": name, "description": f"Everybody in {name}.",
         "members": [user["email"] for user in users if user["department"] == name]}
        for name in departments
    ]  # fmt: skip
    groups.append({"name": "Team Leads", "description": "Everybody who leads a team.", "members": leads})
    return {
        "examples": True,
        "organization": {"name": "Demo Telecom", "domain": "demo-telecom.example", "defaultLanguage": "en-US",
                         "defaultCountryCode": "US"},
        "divisions": [{"name": name} for name in dict.fromkeys(division for _, division, *_ in DEPARTMENTS)],
        "skills": [skill for _, _, _, skills, _ in DEPARTMENTS for skill in skills],
        "languages": [language for language, *_ in SPOKEN],
        "wrapup_codes": list(CODES),
        "locations": [_location(*place) for place in LOCATIONS],
        "users": users,
        "groups": groups,
        "queues": queues,
        "conversations": {"count": CONVERSATIONS, "days": DAYS},
    }  # fmt: skip


def _location(name: str, city: str, country: str, number: str) -> dict[str, Any]:
    return {
        "name": name,
        "address": {"city": city, "country": country},
        "emergencyNumber": {"e164": number, "number": number, "type": "default"},
    }


def _people(rng: Rng) -> list[dict[str, Any]]:
    """Everybody but the owner: heads of departments, leads of teams, agents."""
    people: list[dict[str, Any]] = []
    taken: set[str] = set()
    counts = [share * (PEOPLE - 1) // 100 for _, _, share, *_ in DEPARTMENTS]
    counts[0] += PEOPLE - 1 - sum(counts)
    for count, (department, division, _, skills, _) in zip(counts, DEPARTMENTS, strict=True):
        head = lead = ""
        for at in range(count):
            user = _person(rng, taken, department, division)
            if at == 0:
                head, user["title"], user["manager"] = user["email"], f"Head of {department}", "Sandbox Admin"
            elif at % TEAM == 1:
                lead, user["title"], user["manager"] = user["email"], "Team Lead", head
            else:
                user["title"], user["manager"] = rng.choice(("Agent", "Agent", "Senior Agent")), lead
                user["skills"] = {skill: 1 + rng.below(5) for skill in skills if rng.below(100) < 65}
            people.append(user)
    return people


def _person(rng: Rng, taken: set[str], department: str, division: str) -> dict[str, Any]:
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    while name in taken:
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    taken.add(name)
    return {
        "name": name, "email": f"{name.replace(' ', '.').lower()}@demo-telecom.example", "department": department,
        "division": division, "location": rng.choice(LOCATIONS)[0], "phone": f"+1317555{rng.below(10_000):04d}",
        "languages": {language: 3 + rng.below(3) for language, share, _ in SPOKEN if rng.below(100) < share},
    }  # fmt: skip


def _queues(rng: Rng, users: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A queue for each subject, and more for those who speak another language."""
    made: list[dict[str, Any]] = []
    for department, division, _, _, subjects in DEPARTMENTS:
        agents = [user for user in users if user["department"] == department and not user["title"].startswith("Head")]
        for at, subject in enumerate(subjects):
            for language, _, suffix in SPOKEN:
                if (suffix == "" and language != "English") or (suffix and at > 0):
                    continue
                able = [user["email"] for user in agents if language in user["languages"]]
                members = [email for email in able if len(able) < 8 or rng.below(100) < 55]
                members = members or [user["email"] for user in agents[:3]]
                start = rng.below(len(CODES))
                made.append({
                    "name": f"{subject}{suffix}", "division": division, "members": members,
                    "description": f"{department}, {language}",
                    "wrapup_codes": list(dict.fromkeys(CODES[(start + step * 2) % len(CODES)] for step in range(6))),
                })  # fmt: skip
    return made
