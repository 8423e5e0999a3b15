"""What differs between the kinds of package: the lists that tell of one, and the fields that name it in them."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class KindLists:
    """The lists of one kind by their part in a package; None where the service has no such list for it."""

    code: str
    """The field with the package's code: the same code that its LPSE shows (inferred; the other ids are kept beside it)."""
    announcement: str
    version: str | None = None
    """The field that counts how often the package was announced anew."""
    finished: str | None = None
    """The list that states of a package that it is finished."""
    values: str | None = None
    """The list that states what each winner of a finished package offered and got."""
    participants: str | None = None
    schedule: str | None = None
    contracts: str | None = None
    realizations: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every list once, in the order in which they are read."""
        named = (getattr(self, part.name) for part in fields(self) if part.name not in {"code", "version"})
        return tuple(dict.fromkeys(name for name in named if name is not None))
