"""What type checkers make of models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, assert_type

from genesyscloud import NULL, Model
from genesyscloud.models import (
    Division,
    DocumentBodyBlock,
    DocumentBodyList,
    Literal,
    Pattern,
    Queue,
    Recording,
    User,
    WaitlistPosition,
    Warning,
)


def read(user: User, queue: Queue) -> None:
    assert_type(user.name, str | None)
    assert_type(user.version, int | None)
    assert_type(user.acd_auto_answer, bool | None)
    assert_type(user.division, Division | None)
    assert_type(queue.date_created, datetime | None)
    assert_type(user.extra_fields, Mapping[str, Any])
    assert_type(user.to_dict(), dict[str, Any])
    assert_type(User.from_json(b"{}"), User)
    if user.state == "active" or user.state == "a value of next year":
        assert_type(user.id, str | None)


def write(user: User) -> None:
    user.title = "Boss"
    user.title = None
    user.title = NULL
    user.state = "inactive"
    user.state = "a value of next year"
    User(name="x", title=NULL, division=Division(id="d"))
    Queue()


def names_that_collide(block: DocumentBodyBlock, position: WaitlistPosition, literal: Literal) -> None:
    assert_type(block.list, DocumentBodyList | None)
    literals_are_a_hint: str | None = block.type
    del literals_are_a_hint
    assert_type(position.date, date | None)
    literals: list[Model] = [literal, Pattern(), Warning(), Recording()]
    del literals


def what_is_wrong(user: User) -> None:
    User(nam="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User("x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    User(name=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    user.name = 1  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    user.nam  # type: ignore[attr-defined]  # pyright: ignore
    user.name.upper()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
