"""XML of strangers, told element by element: no document types, no endless tokens, no endless nesting."""

from collections.abc import Callable, Iterator
from typing import IO, NoReturn
from xml.parsers import expat

from app.kit.spreadsheets.failures import WorkbookBroken

_STEP = 64 * 1024
_MAX_TOKEN = 4 * 1024 * 1024
MAX_NESTING = 64

Attributes = dict[str, str]


def new_parser() -> expat.XMLParserType:
    """A parser that knows no entities but the five of XML, and reads nothing from elsewhere."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _STEP
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def feed(source: IO[bytes], parser: expat.XMLParserType) -> Iterator[None]:
    """Parse a part to its end, with a pause after each piece for who takes out what has been found."""
    fed = 0
    try:
        while data := source.read(_STEP):
            parser.Parse(data)
            fed += len(data)
            # The parser holds what it could not tell yet: a tag of any length would be held whole.
            if fed - max(parser.CurrentByteIndex, 0) > _MAX_TOKEN:
                msg = "an element is too long"
                raise WorkbookBroken(msg)
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        msg = f"not well-formed XML: {error}"
        raise WorkbookBroken(msg) from error


def elements(source: IO[bytes], on_start: Callable[[str, Attributes], None]) -> None:
    """Tell each element of a small part by its local name and attributes (by local names too)."""
    parser = new_parser()
    depth = 0

    def start(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_NESTING:
            refuse_nesting()
        on_start(local(name), {local(key): value for key, value in attributes.items()})

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    for _pause in feed(source, parser):
        pass


def local(name: str) -> str:
    """A name without its prefix; which prefix stands for which namespace is not asked."""
    return name.rpartition(":")[2]


def prefix_of(root: str) -> str:
    """The prefix of a part's root element with its colon: some programs write `x:worksheet`, `x:row`, `x:c`."""
    return root[: root.rfind(":") + 1]


def refuse_nesting() -> NoReturn:
    msg = f"elements nested deeper than {MAX_NESTING}"
    raise WorkbookBroken(msg)


def _refuse_document_type(*_declaration: object) -> NoReturn:
    msg = "a document type is declared"
    raise WorkbookBroken(msg)
