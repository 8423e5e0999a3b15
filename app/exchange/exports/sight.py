"""What a caller sees of the rows of an export: the same masking as everywhere, spent only on rows that may need it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from app.access.callers import Caller
from app.access.permissions import Act, may
from app.core.text import may_identify
from app.exchange.exports.layout import Layout, Line, Spelling, spelled, stated_in
from app.procurement.masking import masked

EVERYTHING = "all"
"""An audience that sees personal data of all nodes."""
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom an export is made: all that two callers must have in common to be given the same bytes."""

    sees_all: bool = False
    nodes: frozenset[str] = frozenset()
    """Nodes whose personal data is shown, where not that of all is."""

    @property
    def name(self) -> str:
        if self.sees_all:
            return EVERYTHING
        return f"nodes:{','.join(sorted(self.nodes))}" if self.nodes else PUBLIC

    def sees(self, node: str) -> bool:
        return self.sees_all or node in self.nodes


EVERYBODY = Audience()


def audience_of(caller: Caller | None) -> Audience:
    """Who asks, as far as what they are shown depends on it."""
    if may(caller, Act.READ_PERSONAL):
        return Audience(sees_all=True)
    nodes = caller.nodes if caller is not None else ()
    return Audience(nodes=frozenset(node for node in nodes if may(caller, Act.READ_PERSONAL, node)))


def audience_named(name: str) -> Audience:
    """The audience of this name."""
    if name == EVERYTHING:
        return Audience(sees_all=True)
    return Audience(nodes=frozenset(name.removeprefix("nodes:").split(","))) if name != PUBLIC else Audience()


def sight_of(audience: Audience, layout: Layout, spelling: Spelling) -> Callable[[Line], Line]:
    """How one row becomes what this audience sees of it. Of a row that is masked the first value is its node."""
    if audience.sees_all:
        return _as_it_is
    names = [column.name for column in layout.stated]
    lists = [column in layout.lists for column in layout.stated]
    # An NPWP is never shown whole, and stands last; whatever else nearly never has to be looked at.
    has_npwp = names[-1] == "npwp"

    def seen(line: Line) -> Line:
        before, middle, after = line
        others, _, npwp = middle.rpartition("\t") if has_npwp else (middle, "", spelling.null)
        is_harmless = "\\" not in middle and not may_identify(others)
        if is_harmless and npwp == spelling.null:
            return line
        if audience.nodes and before.partition("\t")[0].strip('"') in audience.nodes:
            return line
        if is_harmless:
            return before, f"{others}\t{_masked_npwp(npwp, spelling)}", after
        cells = zip(middle.split("\t"), lists, strict=True)
        told = [stated_in(cell, spelling, is_list=is_list) for cell, is_list in cells]
        shown = masked(dict(zip(names, told, strict=True)))
        return before, "\t".join([spelled(value, spelling) for value in shown.values()]), after

    return seen


@lru_cache(maxsize=16384)
def _masked_npwp(cell: str, spelling: Spelling) -> str:
    """Winners win again and again."""
    shown = masked({"npwp": stated_in(cell, spelling, is_list=False)})
    return spelled(shown["npwp"], spelling)


def _as_it_is(line: Line) -> Line:
    return line
