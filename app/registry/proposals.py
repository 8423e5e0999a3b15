"""Master lists propose changes to the register; a person accepts or dismisses them, and nothing changes before."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from app.access.audit import record_act
from app.access.callers import Caller
from app.access.permissions import Act, require
from app.access.service import confirm_caller
from app.core.dates import TimeZone
from app.core.text import clean_text, name_key
from app.kit.db import WriteSession, take_turns
from app.registry.proposal_errors import DismissalUnexplained, ProposalClosed, ProposalOutdated
from app.registry.proposal_queries import draft_of, get_proposal, list_earlier, read_register
from app.registry.proposal_rules import Draft, ProposalState, Settlement, What, imply_again, settle
from app.registry.proposal_sides import MasterList, Subject
from app.registry.proposal_tables import RegisterProposal
from app.registry.service import REGISTER_TURN, NodeDraft, register_node, revise_node
from app.registry.tables import Institution, InstitutionAlias

# -- a list was read


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of one list: the proposals it made, and the settlement they follow from."""

    made: list[RegisterProposal]
    settlement: Settlement


async def note_list(session: WriteSession, listed: MasterList, *, now: datetime) -> Noted:
    """Hold a master list against the register, and keep what it says otherwise as proposals. The register stays as it is."""
    await take_turns(session, REGISTER_TURN)
    settlement = settle(await read_register(session), listed, await list_earlier(session, listed.subject))
    for one in settlement.seen_again:
        await session.execute(
            update(RegisterProposal)
            .where(RegisterProposal.id == one.id)
            .values(last_seen_at=now, current=one.draft.current, proposed=one.draft.proposed)
        )
    # Closed before others are made: there is one open proposal for each matter.
    await session.execute(
        update(RegisterProposal)
        .where(RegisterProposal.id.in_([one.id for one in settlement.obsolete]))
        .values(state=ProposalState.OBSOLETE, decided_at=now)
    )
    made = [
        RegisterProposal(
            subject=draft.subject,
            key=draft.key,
            what=draft.what,
            current=draft.current,
            proposed=draft.proposed,
            source=listed.source,
            first_seen_at=now,
            last_seen_at=now,
            state=ProposalState.OPEN,
        )
        for draft in settlement.made
    ]
    session.add_all(made)
    await session.flush()
    return Noted(made, settlement)


# -- a person decides


class Decision(StrEnum):
    """What a person may say to a proposal."""

    ACCEPT = "accept"
    DISMISS = "dismiss"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided proposal, or one that could be decided so, and what follows from it in Indonesian and English."""

    proposal: RegisterProposal
    dry_run: bool
    follows: dict[str, str]


async def decide(
    session: WriteSession,
    proposal_id: int,
    decision: Decision,
    *,
    caller: Caller,
    reason: str | None,
    now: datetime,
    dry_run: bool = False,
) -> Decided:
    """Accept a proposal, which changes the register, or dismiss it.

    A proposal is accepted only if it still follows from the register as it is at this moment.
    """
    require(await confirm_caller(session, caller, now=now), Act.KEEP_REGISTER)
    await take_turns(session, REGISTER_TURN)
    proposal = await get_proposal(session, proposal_id)
    if proposal.state != ProposalState.OPEN:
        raise ProposalClosed(proposal_id, proposal.state)
    words = clean_text(reason or "") or None
    draft = draft_of(proposal)
    if decision is Decision.DISMISS:
        if words is None:
            raise DismissalUnexplained
        follows = _DISMISSED
    else:
        if imply_again(await read_register(session), draft) != draft:
            raise ProposalOutdated(proposal_id)
        follows = _FOLLOWS[draft.subject, draft.what]
    if not dry_run:
        if decision is Decision.ACCEPT:
            await _APPLY[draft.subject, draft.what](session, draft, now)
        proposal.state = ProposalState.ACCEPTED if decision is Decision.ACCEPT else ProposalState.DISMISSED
        proposal.decided_at, proposal.decided_by, proposal.reason = now, caller.key_id, words
        details = {
            "subject": draft.subject,
            "key": draft.key,
            "what": draft.what,
            "current": draft.current,
            "proposed": draft.proposed,
            "reason": words,
        }
        act, subject = f"register-proposal.{proposal.state}", f"register proposal {proposal_id}"
        await record_act(session, caller=caller, act=act, subject=subject, details=details, now=now)
    return Decided(proposal, dry_run, follows)


# -- what accepting does


async def _register_node(session: WriteSession, draft: Draft, now: datetime) -> None:
    wanted = draft.proposed
    node = await register_node(
        session,
        NodeDraft(
            slug=wanted["slug"],
            name=wanted["name"],
            kd_lpse=wanted["kd_lpse"],
            region=None,
            institution=None,
            time_zone=TimeZone.WIB,
            state=wanted["state"],
            endpoints=(),
        ),
        now=now,
    )
    # Nobody here wrote these fields: the shipped register may know the node better one day.
    node.edited = []


async def _rename_node(session: WriteSession, draft: Draft, now: datetime) -> None:
    await revise_node(session, _slug(draft), {"name": draft.proposed["name"]}, now=now)


async def _number_node(session: WriteSession, draft: Draft, now: datetime) -> None:
    await revise_node(session, _slug(draft), {"kd_lpse": draft.proposed["kd_lpse"]}, now=now)


def _slug(draft: Draft) -> str:
    slug: str = (draft.current or {})["node"]
    return slug


async def _register_institution(session: WriteSession, draft: Draft, _now: datetime) -> None:
    wanted = draft.proposed
    session.add(
        Institution(kd_klpd=draft.key, name=wanted["name"], type=wanted["type"], region=wanted["region"]),
    )
    await session.flush()
    await _add_alias(session, wanted["name"], draft.key)


async def _rename_institution(session: WriteSession, draft: Draft, _now: datetime) -> None:
    """Both names lead to it from now on: packages go on mentioning the former one for years."""
    name = draft.proposed["name"]
    await session.execute(update(Institution).where(Institution.kd_klpd == draft.key).values(name=name))
    for known in ((draft.current or {})["name"], name):
        await _add_alias(session, known, draft.key)


async def _add_alias(session: WriteSession, name: str, kd_klpd: str) -> None:
    """A name that leads to an institution already goes on doing so: it is never taken away from one silently."""
    await session.execute(insert(InstitutionAlias).values(key=name_key(name), kd_klpd=kd_klpd).on_conflict_do_nothing())


async def keep_accepted_names(session: WriteSession) -> None:
    """Give institutions the names that were accepted for them: for after the shipped register was loaded over them."""
    await session.execute(
        text("""
            UPDATE institutions i SET name = accepted.name
            FROM (
                SELECT DISTINCT ON (key) key, proposed ->> 'name' AS name FROM register_proposals
                WHERE subject = 'institution' AND state = 'accepted' ORDER BY key, decided_at DESC, id DESC
            ) AS accepted
            WHERE i.kd_klpd = accepted.key AND i.name <> accepted.name
        """)
    )


_APPLY: dict[tuple[Subject, What], Callable[[WriteSession, Draft, datetime], Coroutine[Any, Any, None]]] = {
    (Subject.NODE, What.NEW): _register_node,
    (Subject.NODE, What.RENAME): _rename_node,
    (Subject.NODE, What.KD_LPSE): _number_node,
    (Subject.INSTITUTION, What.NEW): _register_institution,
    (Subject.INSTITUTION, What.RENAME): _rename_institution,
}
_FOLLOWS: dict[tuple[Subject, What], dict[str, str]] = {
    (Subject.NODE, What.NEW): {
        "id": "Node terdaftar dengan status discovered dan belum memiliki alamat: lengkapi wilayah, instansi, zona waktu, "
        "dan endpoint-nya.",
        "en": "The node stands on the register as discovered and has no address yet: complete its region, institution, "
        "time zone and endpoints.",
    },
    (Subject.NODE, What.RENAME): {
        "id": "Nama node berubah, dan pemuatan daftar bawaan tidak mengubahnya lagi.",
        "en": "The node has the new name, and loading the shipped register leaves it so.",
    },
    (Subject.NODE, What.KD_LPSE): {
        "id": "Paket yang oleh sumber nasional dicatat dengan nomor ini menjadi milik node ini saat dibaca berikutnya.",
        "en": "Packages that national sources list under this number belong to this node when they are next read.",
    },
    (Subject.INSTITUTION, What.NEW): {
        "id": "Instansi terdaftar beserta namanya. Paket yang sudah tersimpan baru dapat ditemukan menurut instansi ini "
        "setelah dibaca ulang.",
        "en": "The institution and its name are on the register. Packages that were read before can be found by it only "
        "when they are read again.",
    },
    (Subject.INSTITUTION, What.RENAME): {
        "id": "Nama lama dan nama baru mengarah ke instansi ini. Paket yang sudah tersimpan dengan nama baru baru dapat "
        "ditemukan setelah dibaca ulang.",
        "en": "The former and the new name lead to the institution. Packages that were read before under the new name can "
        "be found by it only when they are read again.",
    },
}
_DISMISSED = {
    "id": "Usulan tidak muncul lagi selama daftar induk mengusulkan hal yang sama.",
    "en": "The proposal does not come back as long as the list proposes the same.",
}
