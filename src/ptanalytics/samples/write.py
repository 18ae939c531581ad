"""Write the sample clinic to a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ptanalytics.errors import OutputError
from ptanalytics.samples.clinic import TIMEZONE, ClinicFacts, clinic_facts
from ptanalytics.samples.messy_files import defects_text, write_messy
from ptanalytics.samples.messy_lines import Defect
from ptanalytics.samples.readme import readme_text
from ptanalytics.samples.text_files import csv_text, write_clean_csv


@dataclass(frozen=True)
class SampleClinic:
    """Where the sample clinic was written, and what is true in it."""

    folder: Path
    seed: int
    #: Time zone of the clinic's local times.
    timezone: str
    #: patient_id to the part the person plays, e.g. over_doer.
    roles: Mapping[str, str]
    facts: ClinicFacts
    files: tuple[Path, ...]
    #: What is wrong in the messy exports, and how each defect must end; also written as defects.csv.
    defects: tuple[Defect, ...]

    @property
    def clean(self) -> Path:
        """Folder of the exports in our own column names."""
        return self.folder / "clean"

    @property
    def messy(self) -> Path:
        """Folder of the same facts as real exports look."""
        return self.folder / "messy"

    @property
    def n_patients(self) -> int:
        """Number of generated people."""
        return len(self.roles)


def write_samples(folder: Path | str, *, seed: int = 2026) -> SampleClinic:
    """Write a believable, wholly generated clinic: clean exports, messy exports and the list of planted defects.

    About 60 people with low back pain, three clinicians, two sites and twelve-week programmes that start over some months
    of 2026. Nobody's data: every number is drawn from ``numpy``'s PCG64 with the given seed, so the same seed gives the
    same bytes.

    Args:
        folder: Where to write; made if absent. Files of an earlier run are replaced, others are left alone.
        seed: Any whole number.

    Returns:
        The folder, the time zone, who plays which part, the facts as tables, and the files written.

    Raises:
        OutputError: The folder cannot be written.

    Example:
        >>> import tempfile
        >>> clinic = write_samples(tempfile.mkdtemp())
        >>> clinic.n_patients, clinic.timezone
        (60, 'Europe/London')
        >>> sorted(path.name for path in clinic.clean.iterdir())[:3]
        ['flags.csv', 'pain_scores.csv', 'patients.csv']
    """
    folder = Path(folder)
    facts = clinic_facts(seed)
    try:
        files, defects = _write_all(folder, facts, seed)
    except OSError as error:
        raise OutputError(folder, error.strerror or "the folder cannot be written") from error
    return SampleClinic(folder, seed, TIMEZONE, dict(facts.roles), facts, tuple(files), tuple(defects))


def _write_all(folder: Path, facts: ClinicFacts, seed: int) -> tuple[list[Path], list[Defect]]:
    for part in ("clean", "messy"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    files = []
    for name, table in facts.tables.items():
        files.append(folder / "clean" / f"{name}.csv")
        write_clean_csv(files[-1], table)
    messy_files, defects = write_messy(folder / "messy", facts, seed)
    texts = {
        "roles.csv": csv_text(("patient_id", "role"), sorted(facts.roles.items())),
        "defects.csv": defects_text(defects),
        "README.md": readme_text(facts, defects, seed),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    return [*files, *messy_files, *(folder / name for name in texts)], defects
