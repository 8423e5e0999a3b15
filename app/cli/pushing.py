"""Talks to a hub on a sender's behalf: hands a file over, and follows what becomes of it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app.kit.http.named import Hindrance, HubUnreachable, NamedHub, json_of
from app.kit.json import dumps_canonical

PIECE = 64 * 1024
LARGE_BYTES = 1024 * 1024
"""From here on it is worth asking beforehand whether the key opens this door."""
SLOWEST_POLL_SECONDS = 5.0
_OVER = {"completed", "failed"}

Progress = Callable[[int, int | None], None]
"""How far it is: so many of so many; None while nobody knows of how many."""


class FileChanged(Exception):
    """The file is not the one that the sending began with."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is handed over: a file as it stands on the disk, and what is said of all its rows."""

    path: Path
    node: str
    media_type: str
    encoding: str | None
    parameters: tuple[tuple[str, str], ...]
    size: int = field(init=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        with self.path.open("rb") as file:
            object.__setattr__(self, "sha256", hashlib.file_digest(file, "sha256").hexdigest())
            object.__setattr__(self, "size", file.tell())

    def key(self, *, after: int | None = None) -> str:
        """The same file, said in the same way, has the same key: a command that is repeated doubles nothing.

        `after` tells a new statement of the same from its repetition: the submission that came in between.
        """
        said = {
            "sha256": self.sha256,
            "node": self.node,
            "form": [self.media_type, self.encoding],
            "parameters": sorted(self.parameters),
            "after": after,
        }
        return hashlib.sha256(dumps_canonical(said)).hexdigest()

    def pieces(self, progress: Progress) -> Iterator[bytes]:
        digest, sent = hashlib.sha256(), 0
        with self.path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                sent += len(piece)
                if sent > self.size or (sent == self.size and digest.hexdigest() != self.sha256):
                    raise FileChanged
                yield piece
                progress(sent, self.size)
        if sent < self.size:
            raise FileChanged


class Hub(NamedHub):
    """One hub, asked with one key by a sender."""

    def push(self, shipment: Shipment, key: str, progress: Progress) -> tuple[dict[str, Any], bool]:
        """Hand a file over; the receipt, and whether it is that of an earlier request."""
        if shipment.size > LARGE_BYTES:
            # A key that does not fit would be told so only after all of it was sent.
            self.last_submissions(shipment.node)
        headers = {
            "Content-Type": shipment.media_type,
            "Content-Length": str(shipment.size),
            "Idempotency-Key": f'"{key}"',
        }
        if shipment.encoding:
            headers["Content-Encoding"] = shipment.encoding
        try:
            response = self.ask(
                lambda: self.client.post(
                    f"nodes/{shipment.node}/submissions",
                    params=httpx.QueryParams(list(shipment.parameters)),
                    content=shipment.pieces(progress),
                    headers=headers,
                )
            )
        except httpx.LocalProtocolError as error:
            # Fewer or more bytes than announced: somebody saved the file in the meantime.
            raise FileChanged from error
        return _receipt(response), response.headers.get("idempotency-replayed") == "true"

    def follow(self, receipt: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Wait until a submission has come to its end, and give its last receipt."""
        pause = 0.3
        while receipt["state"] not in _OVER:
            state = receipt.get("progress") or {}
            progress(state.get("rows_done") or 0, state.get("rows_total"))
            self.wait(pause, Hindrance("still-working"))
            pause = min(pause * 1.4, SLOWEST_POLL_SECONDS)
            receipt = self.submission(receipt["id"])
        return receipt

    def submission(self, number: int) -> dict[str, Any]:
        return _receipt(self.ask(lambda: self.client.get(f"submissions/{number}")))

    def last_submissions(self, node: str) -> list[dict[str, Any]]:
        """A node's latest submissions, newest first."""
        response = self.ask(lambda: self.client.get(f"nodes/{node}/submissions", params={"limit": 10}))
        items = json_of(response).get("items")
        return items if isinstance(items, list) else []

    def save_report(self, number: int, path: Path) -> None:
        """Save the problems of a submission as a table, in the form that the file's name says."""
        suffix = path.suffix.lower().removeprefix(".")
        response = self.ask(lambda: self.client.get(f"submissions/{number}/problems.{suffix}"))
        # Whole or not at all: half a report would look like a short one.
        half = path.with_name(f".{path.name}.part")
        half.write_bytes(response.content)
        half.replace(path)


def _receipt(response: httpx.Response) -> dict[str, Any]:
    receipt = json_of(response)
    if not isinstance(receipt.get("counts"), dict) or not isinstance(receipt.get("state"), str):
        raise HubUnreachable(Hindrance("no-hub"))
    return receipt
