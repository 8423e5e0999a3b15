"""`python -m app.cli` is the `rakor` command."""

from app.cli import main

main()
