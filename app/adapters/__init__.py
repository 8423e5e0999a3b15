"""One module (or folder) per interface that nodes speak; how to add one stands in this folder's README."""
