"""The one register: regions, institutions and the LPSE nodes they buy through."""
