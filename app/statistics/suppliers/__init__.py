"""Suppliers: who won what, where and when, with links to the packages."""
