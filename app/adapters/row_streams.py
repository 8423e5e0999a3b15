"""Lists that are too long to hold, read from a source in batches of rows, with its failures in the words of adapters."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.adapters.outbound import node_failure
from app.adapters.protocol import NodeContractBroken, NodeFailure, NodeRefused, NodeUnreachable
from app.core.text import clean_text
from app.kit.http import (
    AnswerBroken,
    DeadlineExceeded,
    GuardedClient,
    OutboundFailure,
    StreamedAnswer,
)
from app.kit.json_stream import LineReader, RowReader, RowsBroken, RowsCut, read_rows

BATCH = 500
_TRIES = 3
_PAUSE_SECONDS = 0.5
_EVIDENCE_BYTES = 2000
_EVIDENCE_LENGTH = 500
_SPOILT = (AnswerBroken, DeadlineExceeded, RowsCut)
"""What may happen in the middle of an answer and not happen again."""

Reader = RowReader | LineReader


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a list. `is_last` is told by the last one of a list that was read whole; `members` stand around it.

    An answer that broke off is asked for again from its beginning, so that rows may come twice.
    """

    rows: list[Any]
    url: str
    fetched_at: datetime
    is_last: bool = False
    framed: bool = True
    members: dict[str, Any] | None = None


async def read_list(
    client: GuardedClient, url: str, new_reader: Callable[[], Reader], *, hide: Callable[[str], str] = str
) -> AsyncGenerator[Batch, None]:
    """Read one list, batch by batch. `hide` takes a secret out of what is told. Raises NodeFailure."""
    tries = 0
    while True:
        tries += 1
        try:
            async with aclosing(_read_once(client, url, new_reader())) as batches:
                async for batch in batches:
                    yield batch
        except _SPOILT as spoilt:
            if tries >= _TRIES:
                raise _failure_of(spoilt, hide) from None
        except (OutboundFailure, RowsBroken) as failure:
            # The chain would show the URL that is hidden here.
            raise _failure_of(failure, hide) from None
        except NodeFailure as failure:
            raise type(failure)(hide(failure.reason), evidence=hide(failure.evidence or "")) from None
        else:
            return
        await asyncio.sleep(_PAUSE_SECONDS * tries)


async def _read_once(client: GuardedClient, url: str, reader: Reader) -> AsyncGenerator[Batch, None]:
    async with client.stream(url, headers={"Accept": "application/json"}) as answer:
        await _check_status(answer)
        rows: list[Any] = []
        async with aclosing(read_rows(answer.chunks(), reader)) as found:
            async for row in found:
                rows.append(row)
                if len(rows) >= BATCH:
                    yield Batch(rows, answer.url, answer.fetched_at)
                    rows = []
        yield Batch(
            rows, answer.url, answer.fetched_at, is_last=True, framed=answer.framed, members=dict(reader.members)
        )


async def _check_status(answer: StreamedAnswer) -> None:
    status = answer.status
    if status == 200:
        return
    beginning = clean_text((await answer.read(_EVIDENCE_BYTES)).decode(errors="replace"))[:_EVIDENCE_LENGTH]
    reason = f"HTTP {status}"
    if status in {401, 403, 451}:
        raise NodeRefused(reason, evidence=beginning)
    if status == 429 or status >= 500:
        raise NodeUnreachable(reason, evidence=beginning)
    raise NodeContractBroken(reason, evidence=beginning)


def _failure_of(failure: OutboundFailure | RowsBroken, hide: Callable[[str], str]) -> NodeFailure:
    if isinstance(failure, RowsBroken):
        evidence = hide(clean_text(failure.evidence))
        if isinstance(failure, RowsCut):
            return NodeUnreachable(hide(failure.reason), evidence=evidence)
        return NodeContractBroken(hide(failure.reason), evidence=evidence)
    return node_failure(failure)(hide(f"{failure.code}: {failure}"))
