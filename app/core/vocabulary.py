"""The closed vocabularies of the shared schema. Every source is mapped onto them by a table of its own."""

from enum import StrEnum


class PackageKind(StrEnum):
    """Which procurement process a package went through (*jenis*)."""

    TENDER = "tender"
    NON_TENDER = "non_tender"
    RECORDED = "recorded"
    SELF_MANAGED = "self_managed"
    EMERGENCY = "emergency"


SAVING_KINDS = (PackageKind.TENDER, PackageKind.NON_TENDER)
"""Kinds whose agreed value can be set against pagu and HPS; the others are absorption."""


class PackageStatus(StrEnum):
    """How far a package has come. The node's own words stay beside it, in `stage`."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NO_SCHEDULE = "no_schedule"
    OTHER = "other"


class Category(StrEnum):
    """What is bought (*jenis pengadaan*)."""

    GOODS = "goods"
    WORKS = "works"
    INTEGRATED_WORKS = "integrated_works"
    CONSULTING_FIRM_CONSTRUCTION = "consulting_firm_construction"
    CONSULTING_FIRM_NON_CONSTRUCTION = "consulting_firm_non_construction"
    CONSULTING_INDIVIDUAL_CONSTRUCTION = "consulting_individual_construction"
    CONSULTING_INDIVIDUAL_NON_CONSTRUCTION = "consulting_individual_non_construction"
    OTHER_SERVICES = "other_services"
    OTHER = "other"


class Method(StrEnum):
    """How the supplier is chosen (*metode pemilihan*)."""

    TENDER = "tender"
    FAST_TENDER = "fast_tender"
    SELECTION = "selection"
    DIRECT_PROCUREMENT = "direct_procurement"
    DIRECT_APPOINTMENT = "direct_appointment"
    E_PURCHASING = "e_purchasing"
    CONTEST = "contest"
    OTHER = "other"


class ValueBasis(StrEnum):
    """Where a package's value comes from, strongest first."""

    CONTRACT = "contract"
    NEGOTIATED = "negotiated"
    CORRECTED = "corrected"
    BID = "bid"
    AWARD = "award"


class DateBasis(StrEnum):
    """Whether a package's dates happened or were only planned."""

    ACTUAL = "actual"
    SCHEDULED = "scheduled"


class Interface(StrEnum):
    """The way a node speaks."""

    SPSE = "spse"
    INAPROC = "inaproc"
    ISB = "isb"
    OCDS = "ocds"
    HUB = "hub"
    PUSH = "push"


class NodeState(StrEnum):
    """Where a node stands in the register."""

    ACTIVE = "active"
    DISCOVERED = "discovered"
    RETIRED = "retired"
