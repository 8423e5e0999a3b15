"""The texts that a workbook's cells share, kept on disk: a workbook of a province holds millions."""

import mmap
import re
from array import array
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

from app.kit.spreadsheets.failures import WorkbookBroken, WorkbookLimits, WorkbookTooLarge
from app.kit.spreadsheets.markup import MAX_NESTING, Attributes, feed, new_parser, prefix_of, refuse_nesting

_REMEMBERED = 4096
# ECMA-376 part 1, 22.9.2.19: a character that XML cannot hold is written _xHHHH_.
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class SharedTexts:
    """The list of texts; `texts[3]` is the fourth."""

    def __init__(self) -> None:
        self._content: mmap.mmap | bytes = b""
        self._ends = array("Q", [0])
        self._recent: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        known = self._recent.get(index)
        if known is not None:
            return known
        if not 0 <= index < len(self):
            msg = f"there is no shared text {index}"
            raise WorkbookBroken(msg)
        text = self._content[self._ends[index] : self._ends[index + 1]].decode(errors="surrogatepass")
        if len(self._recent) >= _REMEMBERED:
            self._recent.clear()
        self._recent[index] = text
        return text

    def read(self, source: IO[bytes], limits: WorkbookLimits) -> None:
        """Take all texts out of their part."""
        with TemporaryFile(prefix="rakor-") as file:
            for texts in _texts_by_piece(source, limits):
                encoded = [text.encode(errors="surrogatepass") for text in texts]
                end = self._ends[-1]
                for text in encoded:
                    end += len(text)
                    self._ends.append(end)
                file.writelines(encoded)
                if len(self) > limits.texts:
                    msg = f"more than {limits.texts} shared texts"
                    raise WorkbookTooLarge(msg)
            if self._ends[-1]:
                file.flush()
                # The mapping keeps the file after it is closed, and the file has no name to be left behind.
                self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _texts_by_piece(source: IO[bytes], limits: WorkbookLimits) -> Iterator[list[str]]:
    parser = new_parser()
    texts: list[str] = []
    parts: list[str] = []
    depth = 0
    item = text = phonetic = ""
    in_phonetic = False

    def start(name: str, _attributes: Attributes) -> None:
        nonlocal depth, in_phonetic, item, text, phonetic
        if depth == 0:
            prefix = prefix_of(name)
            item, text, phonetic = f"{prefix}si", f"{prefix}t", f"{prefix}rPh"
        depth += 1
        if depth > MAX_NESTING:
            refuse_nesting()
        if name == item:
            parts.clear()
        elif name == phonetic:
            in_phonetic = True
        elif name == text and not in_phonetic:
            parser.CharacterDataHandler = parts.append

    def end(name: str) -> None:
        nonlocal depth, in_phonetic
        depth -= 1
        if name == text:
            parser.CharacterDataHandler = None
        elif name == item:
            texts.append(unescape("".join(parts)))
            parts.clear()
        elif name == phonetic:
            in_phonetic = False

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    for _pause in feed(source, parser):
        if sum(map(len, parts)) > limits.cell_characters:
            msg = f"a text is longer than {limits.cell_characters} characters"
            raise WorkbookTooLarge(msg)
        yield texts
        texts.clear()
