"""Which datasets make up a kind of package, and where an endpoint has them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from app.adapters.lkpp.lists import KindLists
from app.adapters.protocol import Endpoint, NodeRefused
from app.core.vocabulary import PackageKind
from app.kit.json import loads

SATU_DATA = "TenderUmumPublik"
"""Satu Data's own list of tenders: no key, no winner, no contract."""


KINDS: dict[PackageKind, KindLists] = {
    PackageKind.TENDER: KindLists(
        code="kd_tender",
        announcement="SPSE-TenderPengumuman",
        version="versi_tender",
        finished="SPSE-TenderSelesai",
        values="SPSE-TenderSelesaiNilai",
        participants="SPSE-PesertaTender",
        schedule="SPSE-JadwalTahapanTender",
        contracts="SPSE-TenderEkontrak-Kontrak",
    ),
    PackageKind.NON_TENDER: KindLists(
        code="kd_nontender",
        announcement="SPSE-NonTenderPengumuman",
        version="versi_nontender",
        finished="SPSE-NonTenderSelesai",
        values="SPSE-NonTenderSelesai",
        schedule="SPSE-JadwalTahapanNonTender",
        contracts="SPSE-NonTenderEkontrak-Kontrak",
    ),
    PackageKind.RECORDED: KindLists(
        code="kd_nontender_pct",
        announcement="SPSE-PencatatanNonTender",
        realizations="SPSE-PencatatanNonTenderRealisasi",
    ),
    PackageKind.SELF_MANAGED: KindLists(
        code="kd_swakelola_pct",
        announcement="SPSE-PencatatanSwakelola",
        realizations="SPSE-PencatatanSwakelolaRealisasi",
    ),
}
"""By LKPP's catalogue of ISB services of 2025, which has none of emergencies."""


class Services:
    """What one endpoint may be asked. The paths of keyed datasets are its credential: they are never told."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.base = endpoint.base_url.rstrip("/")
        self.has_satu_data = endpoint.options.get("satudata") is True
        self._paths = {**_paths_in(endpoint.options.get("datasets")), **_paths_in(_secret_of(endpoint))}
        self._lpse = endpoint.options.get("kd_lpse")

    @property
    def lpse(self) -> int:
        """Whose packages to ask for: every dataset is of one LPSE."""
        if not isinstance(self._lpse, int) or isinstance(self._lpse, bool) or self._lpse <= 0:
            raise NodeRefused("the endpoint does not say whose packages to ask for: set options.kd_lpse to a number")
        return self._lpse

    def names(self, kind: PackageKind) -> list[str]:
        """The datasets of a kind that this endpoint has, in their order."""
        named = [name for name in KINDS[kind].all if name in self._paths]
        return [*named, SATU_DATA] if self.has_satu_data and kind is PackageKind.TENDER else named

    def url(self, dataset: str, fiscal_year: int) -> str:
        if dataset == SATU_DATA:
            return self.master_url(f"{SATU_DATA}/{fiscal_year}/{self.lpse}")
        # "tipe" names the types of the parameters: 4 is a whole number.
        return f"{self.base}/{self._path(dataset)}/{dataset}/tipe/4:4/parameter/{fiscal_year}:{self.lpse}"

    def master_url(self, name: str) -> str:
        return f"{self.base}/satudata/{name}"

    def hide(self, text: str) -> str:
        """Take every key out of a text, also one that was cut off at its end."""
        for path in self._paths.values():
            key = path.partition("/")[0]
            for spelling in (key, quote(key, safe="")):
                text = text.replace(spelling, "…")
                cut = next((size for size in range(len(spelling) - 1, 7, -1) if text.endswith(spelling[:size])), 0)
                text = f"{text[:-cut]}…" if cut else text
        return text

    def _path(self, dataset: str) -> str:
        key, _, number = self._paths[dataset].partition("/")
        return f"{quote(key, safe='')}/json/{quote(number, safe='')}"


def _secret_of(endpoint: Endpoint) -> Any:
    if not endpoint.secret:
        return None
    try:
        return loads(endpoint.secret)
    except (msgspec.DecodeError, RecursionError):
        raise NodeRefused(
            'the secret is no JSON object of paths, such as {"SPSE-TenderPengumuman": "key/number"}'
        ) from None


def _paths_in(value: Any) -> dict[str, str]:
    """Paths as "key/number". One that is none is for the operator, without being shown."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise NodeRefused("the paths of datasets are no JSON object")
    for name, path in value.items():
        key, _, number = path.partition("/") if isinstance(path, str) else ("", "", "")
        if not key or not number or "/" in number:
            raise NodeRefused(f"the path of “{name}” is not written as key/number")
    return dict(value)
