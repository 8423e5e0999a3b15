"""Checkpoints of the feed: how many changes there are up to a place, and what they hash to."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.procurement.tables import TransactionId


class FeedCheckpoint(Base):
    """The whole feed up to one change. `format` says by which rules its items were written (see items.FORMAT)."""

    __tablename__ = "feed_checkpoints"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    format: Mapped[int] = mapped_column(Integer)
    epoch: Mapped[int] = mapped_column(Integer)
    xid: Mapped[int] = mapped_column(TransactionId)
    seq: Mapped[int] = mapped_column(BigInteger)
    cursor: Mapped[str] = mapped_column(Text(collation="C"))
    count: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
