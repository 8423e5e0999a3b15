"""Why no answer came, in the words of adapters."""

from app.adapters.protocol import NodeContractBroken, NodeFailure, NodeRefused, NodeUnreachable
from app.kit.http import AddressForbidden, AnswerTooLarge, OutboundFailure, TlsFailed, TooManyRedirects, UrlForbidden


def node_failure(failure: OutboundFailure) -> type[NodeFailure]:
    """Who must act: the operator, us, or nobody but time."""
    match failure:
        case AddressForbidden() | UrlForbidden() | TlsFailed():
            return NodeRefused
        case AnswerTooLarge() | TooManyRedirects():
            return NodeContractBroken
        case _:
            return NodeUnreachable
