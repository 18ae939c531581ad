"""``python -m ptanalytics.cli``."""

from ptanalytics.cli import main

main()
