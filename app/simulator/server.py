"""The ASGI application that answers for all simulated nodes on one port, each at `/<slug>`."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from email.utils import formatdate

from app.simulator import frames
from app.simulator.connections import hang_up
from app.simulator.control import Control
from app.simulator.faults import Faults, strikes
from app.simulator.inaproc.gateway import Gateway
from app.simulator.isb import Isb
from app.simulator.nodes import SimulatedNode
from app.simulator.ocds import OcdsPublisher
from app.simulator.pages import blanked
from app.simulator.site import SpseSite, find_page, kind_of_page
from app.simulator.web import Question, Receive, Reply, Scope, Send, html, read_question, send_reply
from app.simulator.world import World

OLD_HOST = "lama"
"""`/lama/<slug>/…` is the address that a node had before it moved to `/<slug>/…`."""


class Simulator:
    """An ASGI application. `requests` counts by (slug, kind of page), refused ones too; `faults` and `world` may change under it."""

    def __init__(self, world: World, faults: Faults | None = None) -> None:
        self.world = world
        self.faults = faults or Faults()
        self.requests: Counter[tuple[str, str]] = Counter()
        self._turns: Counter[str] = Counter()
        self._index_turns: Counter[str] = Counter()
        self._site = SpseSite(world)
        self.gateway = Gateway(world)
        self._control = Control(
            self,
            {"inaproc": self.gateway.answer, "ocds": OcdsPublisher(world).answer, "isb": Isb(world).answer},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        question = await read_question(scope, receive)
        if question.parts[:1] == (OLD_HOST,) and len(question.parts) > 1 and question.parts[1] in self.world.nodes:
            await send_reply(receive, send, _moved(question, scope["query_string"]), Faults(), 0)
            return
        slug = question.parts[0] if question.parts else "-"
        node = self.world.nodes.get(slug)
        service = None if node else self._control.service(question)
        if node is None and service is None:
            await send_reply(receive, send, self._control.answer(question), Faults(), 0)
            return
        name = slug if node else service or "-"
        turn = self._turns[name] = self._turns[name] + 1
        self.requests[name, kind_of_page(question.parts[1:]) if node else question.parts[-1]] += 1
        faults = self.faults.of(name)
        if faults.latency_seconds:
            await asyncio.sleep(faults.latency_seconds)
        if faults.down:
            hang_up(question.client)
            await asyncio.sleep(0)  # Lets the connection end before the server misses an answer.
            return
        reply = self._misbehave(node, question, faults, turn)
        if reply is None and service is not None:
            reply = self._control.serve(service, question)
        elif reply is None and node is not None:
            reply = self._answer(node, question, faults, turn)
        if reply is None:
            raise AssertionError("Somebody answers every request.")
        await send_reply(receive, send, _spoil(reply, faults), faults, turn)

    def _answer(self, node: SimulatedNode, question: Question, faults: Faults, turn: int) -> Reply:
        if question.parts[1:2] == ("dt",):
            asked = self._index_turns[node.slug] = self._index_turns[node.slug] + 1
            if strikes(faults.announce_every, asked):
                self.world.announce(node.slug)
        return self._site.answer(node, question, faults, turn)

    def _misbehave(self, node: SimulatedNode | None, question: Question, faults: Faults, turn: int) -> Reply | None:
        if faults.refuse or (faults.refuse_details and node and find_page(question.parts[1:])):
            return html(frames.refused_page("Alamat Anda tidak diizinkan."), 403)
        if strikes(faults.too_many_every, turn):
            return Reply(frames.too_many_page().encode(), 429, headers=_retry_after(faults))
        if strikes(faults.fail_every, turn):
            return html(frames.error_page(f"{turn:08X}"), faults.fail_status)
        if strikes(faults.error_page_every, turn):
            return html(frames.error_page(f"{turn:08X}"))
        if faults.login_everywhere and node:
            return html(frames.login_page(node))
        return None


def _retry_after(faults: Faults) -> list[tuple[bytes, bytes]]:
    seconds = faults.retry_after_seconds
    if seconds is None:
        return []
    text = formatdate(time.time() + seconds, usegmt=True) if faults.retry_after_date else str(seconds)
    return [(b"retry-after", text.encode())]


def _spoil(reply: Reply, faults: Faults) -> Reply:
    """Drift in the text itself."""
    if not faults.rewrite and not faults.empty_cells_every:
        return reply
    body = reply.body
    for old, new in faults.rewrite.items():
        body = body.replace(old.encode(), new.encode())
    if faults.empty_cells_every and reply.content_type.startswith("text/html"):
        body = blanked(body, faults.empty_cells_every)
    return replace(reply, body=body)


def _moved(question: Question, query: bytes) -> Reply:
    target = "/" + "/".join(question.parts[1:]) + (f"?{query.decode('latin-1')}" if query else "")
    return Reply(b"", 301, headers=[(b"location", f"{question.base_url}{target}".encode("latin-1"))])


def create_simulator(world: World, *, faults: Faults | None = None) -> Simulator:
    """Make the ASGI application that serves a world."""
    return Simulator(world, faults)
