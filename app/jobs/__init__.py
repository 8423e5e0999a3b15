"""Background work on PostgreSQL: jobs are enqueued inside the transaction that needs them."""
