"""The simulated INAPROC gateway: the same worlds as the SPSE pages, by institution and in words of its own."""
