"""The one table: which adapter speaks which interface."""

from app.adapters.hub.adapter import HubAdapter
from app.adapters.inaproc.adapter import InaprocAdapter
from app.adapters.isb.adapter import IsbAdapter
from app.adapters.ocds.adapter import OcdsAdapter
from app.adapters.protocol import NodeAdapter
from app.adapters.spse.adapter import SpseAdapter
from app.core.vocabulary import Interface

ADAPTERS: dict[Interface, NodeAdapter] = {
    Interface.SPSE: SpseAdapter(),
    Interface.INAPROC: InaprocAdapter(),
    Interface.ISB: IsbAdapter(),
    Interface.OCDS: OcdsAdapter(),
    Interface.HUB: HubAdapter(),
}
