"""A month of a year."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ...catalog import PropertyRecord
from ..model import Field, Model

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["YearMonth"]


class YearMonth(Model):
    """A month of a year; in JSON ``2026-01``.

    Args:
        year: 0 to 9999. month: 1 to 12.

    Raises:
        ValueError: one of them is not in its range.
    """

    __module__ = "PureCloudPlatformClientV2.year_month"

    __types__: ClassVar[Mapping[str, str]] = {"year": "int", "month": "int"}
    __names__: ClassVar[Mapping[str, str]] = {"year": "year", "month": "month"}
    __fields__: ClassVar[Mapping[str, Field]] = {
        name: Field(f"_{name}", PropertyRecord(name, name, "i")) for name in ("year", "month")
    }

    def __init__(self, year: int, month: int) -> None:
        self.year = year
        self.month = month

    @classmethod
    def from_date(cls, d: date) -> Self:
        """Return the month that a date is in."""
        return cls(d.year, d.month)

    def to_date(self) -> date:
        """Return the first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def year(self) -> int:
        """The year."""
        return self._year

    @year.setter
    def year(self, year: int) -> None:
        if not 0 <= year <= 9999:
            raise ValueError("YearMonth Error - Year must be between 0 and 9999")
        self._year = year

    @property
    def month(self) -> int:
        """The month, 1 to 12."""
        return self._month

    @month.setter
    def month(self, month: int) -> None:
        if not 1 <= month <= 12:
            raise ValueError("YearMonth Error - Month must be between 1 and 12")
        self._month = month

    def __plain__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    def __reduce__(self) -> tuple[Any, ...]:
        return YearMonth, (self.year, self.month)
