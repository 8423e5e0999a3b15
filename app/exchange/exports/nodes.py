"""The nodes of the register as a table; what a node has several of is a list."""

from datetime import datetime
from typing import Any

from app.core.vocabulary import Interface, NodeState
from app.exchange.exports.layout import Column, Layout, Type
from app.kit.db import ReadSession
from app.registry import queries
from app.registry.probe_queries import availability_of, endpoints_of
from app.registry.tables import Node

_AT_ONCE = 1000

NODES = Layout(
    before=(
        Column("slug", Type.WORD, "Short name in addresses.", "Nama pendek pada alamat."),
        Column("kd_lpse", Type.WHOLE, "LKPP's number of the LPSE.", "Nomor LPSE menurut LKPP."),
    ),
    texts=(Column("name", Type.TEXT, "Name of the LPSE.", "Nama LPSE."),),
    lists=(
        Column("institutions", Type.TEXTS, "kd_klpd of all who buy through it.", "kd_klpd semua pengguna."),
        Column(
            "interfaces",
            Type.TEXTS,
            "The ways it speaks.",
            "Antarmuka yang tersedia.",
            words=tuple(map(str, Interface)),
        ),
        Column("base_urls", Type.TEXTS, "Where it answers by each of them.", "Alamat tiap antarmuka."),
        Column("collected_years", Type.YEARS, "Fiscal years once read completely.", "Tahun yang pernah lengkap."),
    ),
    after=(
        Column("region", Type.WORD, "Kemendagri code of its government.", "Kode Kemendagri pemerintah daerah."),
        Column("province", Type.WORD, "Kemendagri code of the province.", "Kode Kemendagri provinsi."),
        Column("institution", Type.WORD, "kd_klpd of its institution.", "kd_klpd K/L/PD pemilik."),
        Column("time_zone", Type.WORD, "The clock on its wall.", "Zona waktu.", words=("WIB", "WITA", "WIT")),
        Column(
            "state",
            Type.WORD,
            "Where it stands in the register.",
            "Keadaan dalam daftar.",
            words=tuple(map(str, NodeState)),
        ),
        Column(
            "health",
            Type.WORD,
            "How its collection stands.",
            "Keadaan pengumpulan.",
            words=("fresh", "stale", "failing", "never"),
        ),
        Column(
            "availability",
            Type.WORD,
            "Whether it answers its probes.",
            "Jawaban atas pemeriksaan.",
            words=("ok", "failing", "open", "unknown"),
        ),
        Column("last_attempt_at", Type.MOMENT, "When it was last read.", "Terakhir dicoba dibaca."),
        Column("last_completed_at", Type.MOMENT, "When a year was last read completely.", "Terakhir selesai dibaca."),
        Column("created_at", Type.MOMENT, "When it was registered.", "Waktu didaftarkan."),
        Column("changed_at", Type.MOMENT, "When its entry last changed.", "Terakhir diubah."),
        Column("retired_at", Type.MOMENT, "When it was retired.", "Waktu dihentikan."),
    ),
)
_DIRECT = (
    "slug", "kd_lpse", "name", "region", "province", "institution", "time_zone", "state", "created_at", "changed_at",
    "retired_at",
)  # fmt: skip


async def read_nodes(session: ReadSession, wanted: queries.NodeFilter, *, now: datetime) -> list[dict[str, Any]]:
    """The nodes of their list, as rows."""
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        found = await queries.list_nodes(session, wanted, after=after, limit=_AT_ONCE, now=now)
        ids = [node.id for node in found]
        institutions = await queries.institutions_of(session, ids)
        endpoints = await endpoints_of(session, ids)
        for node in found:
            known = {
                "institutions": institutions.get(node.id, []),
                "health": queries.health_of(node.freshness, now),
                "availability": availability_of(node, endpoints.get(node.id, [])),
            }
            rows.append({**_row(node), **known})
        if len(found) < _AT_ONCE:
            return rows
        after = found[-1].slug


def _row(node: Node) -> dict[str, Any]:
    completed = [year for year in node.freshness if year.last_completed_at is not None]
    return {
        **{name: getattr(node, name) for name in _DIRECT},
        "interfaces": [endpoint.interface for endpoint in node.endpoints],
        "base_urls": [endpoint.base_url for endpoint in node.endpoints],
        "collected_years": sorted(year.fiscal_year for year in completed),
        "last_attempt_at": max((year.last_attempt_at for year in node.freshness), default=None),
        "last_completed_at": max(
            (year.last_completed_at for year in completed if year.last_completed_at), default=None
        ),
    }
