"""What nodes report set against what is computed from their packages, and one source's word against another's."""
