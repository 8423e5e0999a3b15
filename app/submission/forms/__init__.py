"""The forms a body may have (JSON array, JSON lines, CSV, XLSX, compressed or not), each cut into rows. Pure but for the file."""
