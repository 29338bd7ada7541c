"""Reading a SAML 2.0 response as the login service does for the grant ``saml2-bearer``.

The signature is not looked at: the sandbox knows no identity provider whose key it could be. Everything else that a
response says about itself is: its status, its time, its audience and whom it is about.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree

__all__ = ["Assertion", "BadAssertion", "read_assertion"]

PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
#: Seconds by which the clock of an identity provider may differ.
SKEW = 60.0


class BadAssertion(ValueError):
    """What was sent is no valid assertion; the text says why."""


class Assertion(NamedTuple):
    """What an assertion says.

    Attributes:
        subjects: names of the person, the best first: the attribute ``email``, then the subject's ``NameID``.
        organization: the attribute ``OrganizationName``; empty when there is none.
    """

    subjects: list[str]
    organization: str


def read_assertion(encoded: str, now: float) -> Assertion:
    """Read a SAML response, or an assertion alone.

    Args:
        encoded: base64 of the XML, with or without padding and line breaks.
        now: seconds since 1970.

    Raises:
        BadAssertion: it is malformed, not successful, or outside its time.
    """
    root = _parsed(encoded)
    if root.tag == f"{PROTOCOL}Response":
        code = root.find(f"{PROTOCOL}Status/{PROTOCOL}StatusCode")
        if code is not None and code.get("Value") != SUCCESS:
            raise BadAssertion("the identity provider reports a failed login")
        assertion = root.find(f"{ASSERTION}Assertion")
    else:
        assertion = root if root.tag == f"{ASSERTION}Assertion" else None
    if assertion is None:
        raise BadAssertion("there is no SAML 2.0 assertion in it")
    _check_times(assertion, now)
    attributes = dict(_attributes(assertion))
    name_id = assertion.findtext(f"{ASSERTION}Subject/{ASSERTION}NameID") or ""
    subjects = [name.strip() for name in (attributes.get("email", ""), name_id) if name.strip()]
    if not subjects:
        raise BadAssertion("it does not say whom it is about")
    return Assertion(subjects, attributes.get("OrganizationName", ""))


def _parsed(encoded: str) -> ElementTree.Element:
    text = "".join(encoded.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadAssertion("it is not base64") from None
    try:
        return ElementTree.fromstring(data, ElementTree.XMLParser(target=_Builder()))
    except (ElementTree.ParseError, ValueError, LookupError):
        raise BadAssertion("it is not XML") from None


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str, system: str) -> None:
        """SAML has no use for a document type, and entities declared in one can grow without bounds."""
        raise BadAssertion("it has a document type")


def _check_times(assertion: ElementTree.Element, now: float) -> None:
    holders = [*assertion.findall(f"{ASSERTION}Conditions")]
    holders += assertion.findall(
        f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation/{ASSERTION}SubjectConfirmationData"
    )
    for holder in holders:
        start, end = _time(holder.get("NotBefore")), _time(holder.get("NotOnOrAfter"))
        if start is not None and now < start - SKEW:
            raise BadAssertion("it is not valid yet")
        if end is not None and now >= end + SKEW:
            raise BadAssertion("it has expired")


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadAssertion("a time in it is not one") from None


def _attributes(assertion: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for attribute in assertion.iterfind(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        value = attribute.findtext(f"{ASSERTION}AttributeValue")
        if value:
            yield attribute.get("Name", ""), value.strip()
