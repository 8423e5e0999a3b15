"""What a row may say: the hub's own package, rows of INAPROC, OCDS releases; each read into canonical records. Pure."""
