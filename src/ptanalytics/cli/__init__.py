"""The command line: every command is one public call, with progress on stderr and counts on stdout."""


def main() -> None:
    """Run the command line; the console script ``ptanalytics``."""
    # Imported here so that importing the package stays free of typer.
    from ptanalytics.cli.app import app

    app()
