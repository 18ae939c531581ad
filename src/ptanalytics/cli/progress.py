"""Progress on stderr, so that stdout holds only results."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show how far something is; the callable takes what happens now, the steps done and the number of steps.

    On a terminal a bar that goes away; elsewhere (a log, a pipe) one line per step would only be noise, so nothing.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from ptanalytics.cli.counts import printable

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def show(text: str, done: int, n_steps: int) -> None:
            bar.update(task, description=escape(printable(text)), completed=done, total=n_steps)

        yield show
