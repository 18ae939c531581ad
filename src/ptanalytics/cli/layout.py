"""``ptanalytics layout``: propose how an export nobody described is read, ask what is open, and save the answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ptanalytics.loading import LayoutSuggestion


def layout(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="An export.")],
    out: Annotated[Path | None, typer.Option(help="File or folder to write the layout to.")] = None,
    study: Annotated[
        Path | None, typer.Option(help="Save it in this study: it then reads every export of this shape.")
    ] = None,
    answer: Annotated[list[str] | None, typer.Option(help="'question=answer'; may be repeated.")] = None,
) -> None:
    """Propose a layout for an export: what each column is taken for, how sure that is, and what only you can say."""
    from ptanalytics.errors import LayoutError
    from ptanalytics.loading import suggest_layouts
    from ptanalytics.study import open_study

    found = suggest_layouts(path, answers=answers_of(answer))
    for line in suggestions_in_words(found):
        typer.echo(line)
    usable = [one for one in found if one.layout is not None]
    if study is not None:
        folder = open_study(study).path / "layouts"
        folder.mkdir(exist_ok=True)
        open_questions = [question.id for one in usable for question in one.questions if question.is_needed]
        if open_questions:
            message = f"Nothing was saved in the study: answer {', '.join(open_questions)} first with --answer."
            raise LayoutError(message)
    target = folder if study is not None else out
    if target is None:
        typer.echo("Nothing was written. Save it with --out FILE, or in a study with --study STUDY.")
        return
    if not usable:
        message = (
            f"No layout can be suggested for {path.name}. Answer the questions above with --answer, or write one by hand."
        )
        raise LayoutError(message)
    if len(usable) > 1 and not target.is_dir():
        message = f"{path.name} has {len(usable)} tables with a layout each. Name a folder that exists."
        raise LayoutError(message)
    for one in usable:
        typer.echo(f"Written: {one.save(target)}")


def suggestions_in_words(found: "list[LayoutSuggestion]") -> list[str]:
    """Say what each suggestion is and how to answer its questions."""
    from ptanalytics.cli.counts import printable

    lines = [printable(line) for one in found for line in one.in_words()]
    first = next((question for one in found for question in one.questions), None)
    if first is not None:
        example = f"{first.id}={first.options[0]}" if first.options else f"{first.id}=..."
        lines.append(f"Lines with ? are yours to answer, for example: --answer '{printable(example)}'")
    return lines


def answers_of(given: list[str] | None) -> dict[str, str]:
    """Read ``question=answer`` pairs."""
    pairs = [text.partition("=") for text in given or []]
    if any(not name.strip() or not value.strip() for name, _, value in pairs):
        message = "write --answer 'question=answer'"
        raise typer.BadParameter(message)
    return {name.strip(): value.strip() for name, _, value in pairs}
