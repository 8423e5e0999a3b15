"""The one grammar of all figures: which packages, grouped by what, compared with what, as known when."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum


class Dimension(StrEnum):
    """What figures can be grouped by."""

    NODE = "node"
    REGION = "region"
    PROVINCE = "province"
    INSTITUTION = "institution"
    FISCAL_YEAR = "fiscal_year"
    KIND = "kind"
    CATEGORY = "category"
    METHOD = "method"
    MONTH = "month"
    FUND_SOURCES = "fund_sources"


@dataclass(frozen=True, slots=True)
class FigureFilter:
    """Which packages a figure is about; empty means "all". Values of one field are alternatives.

    `region` is a government's own institutions wherever they buy; `province` all institutions whose code has that prefix.
    """

    fiscal_year: tuple[int, ...] = ()
    province: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    institution: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    method: tuple[str, ...] = ()

    def given(self) -> Iterator[tuple[str, tuple[str, ...] | tuple[int, ...]]]:
        """The fields that say anything, with what they say."""
        for field in fields(self):
            if values := getattr(self, field.name):
                yield field.name, values


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a figure."""

    wanted: FigureFilter
    group_by: tuple[Dimension, ...] = ()
    as_of: datetime | None = None
    """What the hub knew then; None is now."""
    compares_years: bool = False
    """Whether the same of the fiscal year before stands beside each figure."""
