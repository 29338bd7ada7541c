"""The pages that the login service shows to a person: plain forms, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

__all__ = ["Choice", "choose_page", "message_page", "page_headers"]

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 34rem; margin: 8vh auto; padding: 0 1rem }
main { border: 1px solid #8888; border-radius: .75rem; padding: 1.5rem 2rem }
h1 { font-size: 1.4rem; margin-top: 0 }
fieldset { border: 0; padding: 0; margin: 1rem 0; max-height: 22rem; overflow: auto }
legend { font-weight: 600 }
label { display: block; padding: .3rem }
small { opacity: .75 }
input[type=search] { font: inherit; width: 60% }
button { font: inherit; padding: .4rem 1.2rem; border-radius: .4rem; border: 1px solid #8888 }
button.main { background: #1a5fb4; color: #fff; border-color: #1a5fb4 }
.problem { color: #c01c28 }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>
{content}
</main></body></html>
"""


class Choice(NamedTuple):
    """A person to choose."""

    user_id: str
    name: str
    email: str


def page_headers() -> list[tuple[str, str]]:
    """Headers that every page has: it is not kept, not framed, and runs nothing."""
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ]


def message_page(title: str, text: str) -> bytes:
    """A page that says something."""
    return _page(title, f"<p>{escape(text)}</p>")


def choose_page(
    title: str,
    explanation: str,
    choices: Sequence[Choice],
    *,
    chosen: str,
    find: str,
    problem: str = "",
    allow: str = "Allow",
) -> bytes:
    """The page on which a person says who they are, and whether a program may act for them.

    Args:
        title: what it is about.
        explanation: what will happen.
        choices: the people to choose from.
        chosen: id of the one who is chosen already.
        find: what was searched for.
        problem: what was wrong with the last answer.
        allow: label of the button that says yes.

    The form goes to the address of the page itself: whatever is in front of its path, and its query, stay.
    """
    rows = "\n".join(_row(choice, choice.user_id == chosen) for choice in choices)
    notice = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    nobody = "" if choices else "<p>Nobody was found.</p>"
    content = f"""<p>{escape(explanation)}</p>{notice}
<form method="post">
<label for="find">Search by name or email address</label>
<input type="search" id="find" name="find" value="{escape(find)}">
<button name="decision" value="find">Search</button>
<fieldset><legend>Log in as</legend>{nobody}
{rows}
</fieldset>
<button class="main" name="decision" value="allow" id="allow">{escape(allow)}</button>
<button name="decision" value="cancel" id="cancel">Cancel</button>
</form>"""
    return _page(title, content)


def _row(choice: Choice, checked: bool) -> str:
    mark = " checked" if checked else ""
    return (
        f'<label><input type="radio" name="user" value="{escape(choice.user_id)}"{mark}> {escape(choice.name)}'
        f" <small>{escape(choice.email)}</small></label>"
    )


def _page(title: str, content: str) -> bytes:
    return _PAGE.format(title=escape(title), style=_STYLE, content=content).encode("utf-8", "replace")
