"""How rows are written: one module a form, all from the same lines."""
