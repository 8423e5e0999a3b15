"""Whether the database is still where the feed's order began: one that was moved begins a new epoch."""

SETTLE_EPOCH = "SELECT rakor_settle_epoch()"
"""What every new connection says first (kit.db.open_database): the feed's epoch, a new one where the database was restored
elsewhere.

Transactions of another cluster have other numbers, so that changes from before and after cannot be compared by them. A
copy of the whole cluster goes on counting where it stood; followers notice that one by their cursors, each of which names a
change by its content (exchange/feed/cursor.py). Whoever restores a database ends its connections, so none misses it.
"""
