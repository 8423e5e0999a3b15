"""XLSX workbooks of strangers, read row by row in little memory; nothing is believed of what they say of their size."""
