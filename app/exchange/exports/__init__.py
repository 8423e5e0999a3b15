"""Open data: whole lists as CSV, NDJSON, XLSX and Parquet, each of one stated moment, and described for programs."""
