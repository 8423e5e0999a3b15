"""The filters of nodes over HTTP: the same for their list and for whatever else speaks of the same nodes."""

from typing import Annotated

from fastapi import Depends, Query

from app.core.vocabulary import Interface, NodeState
from app.registry.queries import NodeFilter
from app.registry.schemas import Availability, Health, ProvinceCode, RegionCode


def _wanted(
    province: Annotated[ProvinceCode | None, Query(description="Only nodes of this province.")] = None,
    region: Annotated[RegionCode | None, Query(description="Only nodes of this government.")] = None,
    interface: Annotated[Interface | None, Query(description="Only nodes that answer by this interface.")] = None,
    state: Annotated[NodeState | None, Query(description="Only nodes in this state.")] = None,
    health: Annotated[Health | None, Query(description="Only nodes whose collection stands so.")] = None,
    availability: Annotated[Availability | None, Query(description="Only nodes that answer their probes so.")] = None,
) -> NodeFilter:
    return NodeFilter(province, region, interface, state, health, availability)


NodesWanted = Annotated[NodeFilter, Depends(_wanted)]
"""Which nodes a caller asks for: all filters given must hold."""
