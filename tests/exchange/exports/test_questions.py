"""What is asked for can be written down, and is the same when it is read again."""

from dataclasses import replace

import pytest

from app.exchange.exports.forms.protocol import Form
from app.exchange.exports.questions import FiguresAsked, NodesAsked, PackagesAsked, Wanted, wanted_again
from app.exchange.exports.sight import EVERYBODY, Audience
from app.procurement.filtering import Fact, PackageFilter
from app.registry.queries import NodeFilter
from app.statistics.questions import Dimension, FigureFilter, Question
from tests.conftest import NOW


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("packages", Form.CSV, PackagesAsked(PackageFilter(node=("surabaya",), known=(Fact.HPS,), repeated=False, q="a"), NOW), mark=True),
        Wanted("awards", Form.XLSX, PackagesAsked(PackageFilter()), Audience(sees_all=True)),
        Wanted("statistics", Form.NDJSON, FiguresAsked("savings", Question(FigureFilter(fiscal_year=(2025,)), (Dimension.NODE,), compares_years=True))),
        Wanted("nodes", Form.PARQUET, NodesAsked(NodeFilter(province="35")), Audience(nodes=frozenset({"a", "b"}))),
    ],
)  # fmt: skip
def test_what_was_asked_for_is_the_same_when_it_is_read_again(wanted):
    again = wanted_again(wanted.dataset, wanted.form, wanted.audience.name, wanted.question())

    assert again == wanted
    assert again.key() == wanted.key() != replace(wanted, audience=EVERYBODY, form=Form.CSV, mark=False).key()
