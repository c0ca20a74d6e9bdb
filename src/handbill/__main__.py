"""`python -m handbill`."""

from handbill.cli import main

main()
