"""The trade in plain Python: kinds, statuses, money, dates, records, problems and the savings formula."""
