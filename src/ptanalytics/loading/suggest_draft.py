"""A suggestion while it is built: wide columns first, then the table that the rest of the file is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ptanalytics.loading.item_groups import ItemGroup, item_groups, score_columns
from ptanalytics.loading.layout_parts import JoinedText, NominalDates, Spread
from ptanalytics.loading.layouts import Layout, Match, TableLayout, same_heading, shape_of
from ptanalytics.loading.names import boolean_words, identifying_category
from ptanalytics.loading.suggest_asking import Asking
from ptanalytics.loading.suggest_columns import Candidate, candidates, chosen, date_like, readable_share
from ptanalytics.loading.suggest_details import with_details
from ptanalytics.loading.suggest_eq5d import find_eq5d
from ptanalytics.loading.suggest_sample import Sample
from ptanalytics.loading.suggest_surveys import about_responses, test_responses
from ptanalytics.loading.suggest_visits import nominal_dates, visit_column
from ptanalytics.loading.suggest_wide import DayColumns, day_columns
from ptanalytics.loading.suggestion import SURE, ColumnSuggestion, Question
from ptanalytics.loading.value_labels import codings_of
from ptanalytics.schemas import TABLES, columns_of

_ID_WORDS = frozenset({"id", "pin", "recordid", "code", "nr", "no", "number", "userid", "user", "case"})
_PEOPLE = ("patient", "client", "participant", "subject", "person", "member", "user", "pat", "proband", "case")
_NUMBERS = ("id", "no", "nr", "number", "num", "code", "key", "pseudonym")
#: The answer that a file is one person's, named by the file.
_FILE_NAME = "file name"
_NAME_OF_FILE = r"^(.+)\.[^.]+$"
#: How sure the only column of dates is a table's day.
_ONLY_DATE = 0.85
#: Required columns that must be found for a file to be taken for a table.
_MIN_REQUIRED = 2


def _names_a_person(heading: str) -> bool:
    """Say whether a heading is a person's number, such as "Client no."."""
    name = same_heading(heading)
    return any(name == person + number for person in _PEOPLE for number in _NUMBERS)


def _is_yes_or_no(texts: pl.Series) -> bool:
    words = texts.str.strip_chars().str.to_lowercase().drop_nulls().unique().to_list()
    return len(words) <= 2 and all(word in boolean_words() for word in words)


class Draft:
    """A suggestion while it is built: wide columns first, then the table that the rest is."""

    def __init__(self, sample: Sample, asking: Asking) -> None:
        self.sample, self.asking = sample, asking
        self.tables: list[TableLayout] = []
        #: Heading → what it is taken for.
        self.reasons: dict[str, ColumnSuggestion] = {}
        left_out = about_responses(sample.headings)
        self.texts = {heading: sample.cells[heading] for heading in sample.headings if heading not in left_out}
        self.tests = test_responses(sample.headings)
        self.dates = date_like(self.texts)
        self.patient = self._patient()
        #: The column with the visit, where the file has no date.
        self.visit = None if self.dates else visit_column(self.texts)
        #: Columns of ours that the file's name holds: the log of one person.
        self.from_file_name: dict[str, str] = {}

    def build(self) -> None:
        """Find the tables of the file."""
        days = day_columns(list(self.texts))
        used = {heading for group in days for heading in group.columns.values()}
        groups = item_groups([heading for heading in self.texts if heading not in used])
        items = [group for group in groups if self._are_items(group)]
        used |= {heading for group in items for heading in group.columns.values()}
        scored = score_columns([heading for heading in self.texts if heading not in used | {self.patient}])
        used |= self._add_eq5d()
        for group in days:
            self._add_days(group)
        for item_group in items:
            self._add_items(item_group)
        # One pain column beside a date is a rating; scores of instruments are a table of their own.
        scores = {id_: heading for id_, heading in scored.items() if id_ not in ("nprs", "nprs_7d")}
        if scores:
            self._add_scores(scores)
        self._add_rest([heading for heading in self.texts if heading not in used and heading not in scores.values()])

    def layout(self, layout_id: str) -> Layout | None:
        """Return the layout of all tables found; None where there is none."""
        if not self.tables:
            return None
        return Layout(
            id=layout_id,
            description=f"Suggested for {self.sample.table.path.name}.",
            match=Match(columns=self.tables[0].read_columns(), shape=shape_of(self.sample.headings)),
            text=self.sample.text,
            tables=tuple(self.tables),
        )

    def _patient(self) -> str | None:
        said = self.asking.answers.get("column.patient_id")
        if said in self.texts:
            self.asking.used.add("column.patient_id")
            return said
        found = chosen(self._candidates("sessions")).get("patient_id")
        if found and found.confidence >= SURE:
            self._note(found, "patients")
            return found.heading
        for is_id, sure, why in (
            (_names_a_person, 0.85, "the heading names a person's number or code"),
            (lambda heading: same_heading(heading) in _ID_WORDS, 0.7, "the heading is a word for an id"),
        ):
            ids = [heading for heading in self.texts if is_id(heading) and not identifying_category(heading)]
            if ids:
                self._note(Candidate("patient_id", ids[0], sure, why), "patients")
                return ids[0]
        # "is_patient" is nearly a known name, and no id.
        if found and not _is_yes_or_no(self.texts[found.heading]):
            self._note(found, "patients")
            return found.heading
        return None

    def _candidates(
        self, table: str, own: Mapping[str, str] | None = None, texts: Mapping[str, pl.Series] | None = None
    ) -> list[Candidate]:
        return candidates(table, self.texts if texts is None else texts, own or {}, self.sample.table.value_labels)

    def _note(self, found: Candidate, table: str) -> None:
        self.reasons.setdefault(
            found.heading, ColumnSuggestion(found.heading, table, found.column, found.confidence, found.reason)
        )

    def _are_items(self, group: ItemGroup) -> bool:
        """Say whether numbered columns hold answers: small whole numbers, in a questionnaire that is known or long."""
        texts = pl.concat([self.texts[heading] for heading in group.columns.values()]).str.strip_chars().drop_nulls()
        share = texts.str.contains(r"^\d{1,2}(\.0+)?$").mean()
        return share is not None and float(str(share)) >= 0.8 and (group.is_known or len(group.columns) >= 4)

    def _day(self, column: str, table: str) -> str | None:
        """Return the column with the day of a wide table's rows: by its name, else the only date there is."""
        said = self.asking.answers.get(f"column.{column}")
        found = chosen(self._candidates(table, {column: said} if said else {})).get(column)
        if found is None and table == "pain_scores":
            found = chosen(self._candidates("patients")).get("enrolled_date")
            found = found and Candidate(column, found.heading, found.confidence, "the start day of the person")
        if found is None and len(self.dates) == 1:
            found = Candidate(column, self.dates[0], _ONLY_DATE, "its cells are dates")
        if found is not None:
            if self.dates == [found.heading] and found.confidence < _ONLY_DATE:
                found = Candidate(column, found.heading, _ONLY_DATE, f"{found.reason}; it is the only column of dates")
            self.asking.used.add(f"column.{column}")
            self._note(found, table)
            return found.heading
        question = Question(
            f"column.{column}",
            f"Which column holds {columns_of(TABLES[table])[column].description.rstrip('.').lower()} for {table}?",
            tuple(self.dates),
            f"the columns for {table} are not read",
        )
        return self.asking.ask(question)

    def _days(self, column: str, table: str) -> tuple[dict[str, str], dict[str, NominalDates]] | None:
        """Return how the days of a wide table are read: from a column, or from the visit; None where it is open."""
        if self.visit and f"column.{column}" not in self.asking.answers:
            nominal = nominal_dates(self.visit, self.texts[self.visit], self.asking)
            return None if nominal is None else ({}, {column: nominal})
        day = self._day(column, table)
        return None if day is None else ({column: day}, {})

    def _add_days(self, group: DayColumns) -> None:
        what = f"{group.what} {self.sample.table.path.stem}".lower()
        is_pain = any(word in what for word in ("pain", "nrs", "nprs", "vas", "schmerz", "douleur"))
        name = group.what or "the days in the headings"
        if not is_pain:
            sentence = f"What do the cells under {name} hold?"
            question = Question(f"value.{group.what or 'days'}", sentence, ("pain_nprs", "nothing"), "they are not read")
            if self.asking.ask(question) != "pain_nprs":
                return
        start = None if group.is_dated else self._day("recorded_at", "pain_scores")
        if self.patient is None or (start is None and not group.is_dated):
            return
        columns = {"patient_id": self.patient} | ({"recorded_at": start} if start else {})
        spread = Spread(name="recorded_at", value="pain_nprs", columns=group.columns, days_after=not group.is_dated)
        self.asking.notes.append(f"{name}: {group.sentence}.")
        self._take(TableLayout(table="pain_scores", part=group.what, columns=columns, spread=spread), group.sentence)

    def _add_items(self, group: ItemGroup) -> None:
        day = self._day("completed_at", "responses")
        if day is None or self.patient is None:
            return
        instrument = group.instrument_id
        if not group.is_known:
            question = Question(
                f"instrument.{group.prefix}",
                f"Which questionnaire are the {len(group.columns)} columns '{next(iter(group.columns.values()))}' ...?",
                otherwise=f"they are stored as '{instrument}', which cannot be scored",
            )
            instrument = self.asking.ask(question) or instrument
        items = {key.replace(group.instrument_id, instrument, 1): heading for key, heading in group.columns.items()}
        table = TableLayout(
            table="responses",
            part=instrument,
            columns={"patient_id": self.patient, "completed_at": day},
            constants={"instrument_id": instrument},
            joined={"response_id": JoinedText(columns=(self.patient, day), separator="|")},
            spread=Spread(name="item_id", value="answer", columns=items),
        )
        known = "a questionnaire that is known" if group.is_known else "numbered columns with small whole numbers"
        self._take(table, f"{known}, {len(items)} items", 0.95 if group.is_known else 0.6)

    def _add_eq5d(self) -> set[str]:
        """Read the five dimensions of an EQ-5D, or its profile in one column, and return the columns that are used."""
        found = find_eq5d(self.texts)
        if self.patient is None or found is None:
            return set()
        version = found.version(self.texts, self.asking)
        days = self._days("completed_at", "responses") if version else None
        if version is not None and days is not None:
            self._take(found.table(version, self.patient, days, self.visit or ""), found.reason, 0.95)
        return set(found.columns.values())

    def _add_scores(self, scores: Mapping[str, str]) -> None:
        if self.patient is None:
            return
        days = self._days("completed_date", "scores")
        if days is None:
            return
        columns, nominal = days
        table = TableLayout(
            table="scores",
            columns={"patient_id": self.patient, **columns},
            nominal_dates=nominal,
            spread=Spread(name="instrument_id", value="score", columns=dict(scores)),
        )
        self._take(table, "the heading names an instrument")

    def _take(self, table: TableLayout, reason: str, confidence: float = 0.9) -> None:
        if table.spread:
            for heading in table.spread.columns.values():
                self._note(Candidate(table.spread.value, heading, confidence, reason), table.table)
        labelled = table.model_copy(
            update={"codings": {**codings_of(table, self.sample.table.value_labels), **table.codings}}
        )
        kept = labelled.model_copy(update={"set_aside": (*labelled.set_aside, *self.tests)})
        self.tables.append(with_details(kept, self.sample, self.asking))

    def _add_rest(self, headings: list[str]) -> None:
        texts = {heading: self.texts[heading] for heading in headings}
        readings = [self._read(table, texts) for table in TABLES]
        about_people = next(reading for reading in readings if reading.table == "patients")
        best = max((reading for reading in readings if reading is not about_people), key=lambda reading: reading.fit)
        # What a file says about people is read beside its entries; alone it is a list of people.
        if best.n_required_found < _MIN_REQUIRED or (best.missing and best.fit[0] < about_people.fit[0] / 2):
            best = about_people
        if best.table == "patients" and set(best.taken) <= {"patient_id"} and self.tables:
            return
        if not best.taken:
            return  # nothing in it is known, so there is nothing to ask about either
        days_first = sorted(best.missing, key=lambda name: name != "started_at")
        missing = [name for name in days_first if not self._fill(name, best, texts)]
        is_open = {question.id for question in self.asking.questions}
        # A table that lacks what nobody can name is none.
        is_hopeless = any(f"column.{name}" not in is_open and name not in best.nominal for name in missing)
        if missing and (self.tables or not best.n_required_found or is_hopeless):
            return
        for found in best.taken.values():
            self._note(found, best.table)
            self.asking.used.add(f"column.{found.column}")
        columns = {ours: found.heading for ours, found in best.taken.items()}
        joined = {}
        if best.table == "sessions" and "session_id" not in columns and "started_at" in columns:
            joined = {"session_id": JoinedText(columns=(columns["started_at"],) * 2, separator="|")}
            self.asking.notes.append("It has no session id: a patient's rows with one start time are one session.")
        nominal = {name: days for name, days in best.nominal.items() if days is not None}
        table = TableLayout(
            table=best.table, columns=columns, joined=joined, from_file_name=self.from_file_name, nominal_dates=nominal
        )
        self._take(table, "")
        others = {ours: c for ours, c in self._read("patients", texts).taken.items() if c.heading not in columns.values()}
        if best.table != "patients" and self.patient and set(others) & {"sex", "birth_year", "onset_date", "enrolled_date"}:
            for found in others.values():
                self._note(found, "patients")
            about = {ours: found.heading for ours, found in others.items() if ours != "patient_id"}
            self._take(TableLayout(table="patients", columns={"patient_id": self.patient, **about}), "")

    def _read(self, table: str, texts: Mapping[str, pl.Series]) -> "_Reading":
        infos = columns_of(TABLES[table])
        own = {
            key.removeprefix("column."): heading
            for key, heading in self.asking.answers.items()
            if key.startswith("column.") and heading in texts and key.removeprefix("column.") in infos
        }
        if self.patient in texts:
            own.setdefault("patient_id", str(self.patient))
        taken = chosen(self._candidates(table, own, texts))
        if self.patient in self.reasons and "patient_id" in taken:
            known = self.reasons[str(self.patient)]
            taken["patient_id"] = Candidate("patient_id", known.heading, known.confidence, known.reason)
        derived = {"session_id"} if table == "sessions" and "started_at" in taken else set()
        missing = [name for name, info in infos.items() if info.is_required and name not in {*taken, *derived}]
        free = [heading for heading in self.dates if heading in texts]
        n_open = sum(infos[name].dtype.is_temporal() for name in missing) if free or self.visit else 0
        if table == "sessions" and "started_at" in missing and n_open:
            n_open += "session_id" in missing  # follows from the start
        is_named = same_heading(table).rstrip("s") in same_heading(self.sample.table.path.stem)
        return _Reading(table, taken, missing, n_open, is_named=is_named)

    def _fill(self, name: str, reading: "_Reading", texts: Mapping[str, pl.Series]) -> bool:
        """Ask for a column that a table cannot do without; the only date is taken for a table's day, as unsure."""
        info = columns_of(TABLES[reading.table])[name]
        if name == "session_id" and "started_at" in reading.taken:
            return True  # a patient's rows with one start time are one session
        free = [heading for heading in texts if heading not in {found.heading for found in reading.taken.values()}]
        dates = [heading for heading in free if heading in self.dates]
        if info.dtype.is_temporal() and len(dates) == 1:
            reading.taken[name] = Candidate(name, dates[0], 0.6, "the only column of dates that is left")
            return True
        if info.dtype.is_temporal() and self.visit:
            reading.nominal[name] = nominal_dates(
                self.visit, self.texts[self.visit], self.asking, is_needed=not self.tables
            )
            return reading.nominal[name] is not None
        options = tuple(dates if info.dtype.is_temporal() else (h for h in free if not identifying_category(h)))
        if info.dtype.is_numeric():
            options = tuple(heading for heading in options if readable_share(texts[heading], info))
        if not options and name != "patient_id":
            return False  # no column is left that it could be
        if name == "patient_id":
            options = (*options, _FILE_NAME)
        question = Question(
            f"column.{name}",
            f"{reading.table} needs {name} ({info.description.rstrip('.').lower()}). Which column is it?",
            options,
            is_needed=True,
        )
        answer = self.asking.ask(question)
        if answer == _FILE_NAME:
            self.from_file_name = {"patient_id": _NAME_OF_FILE}
        elif answer:
            reading.taken[name] = Candidate(name, answer, 1.0, "you said so")
        return answer is not None


@dataclass
class _Reading:
    """One way to read the rest of a file as one table."""

    table: str
    taken: dict[str, Candidate]
    missing: list[str]
    #: Of the missing ones, days for which there are columns of dates to choose from.
    n_open_days: int = 0
    is_named: bool = False
    #: Days that stand for visits, where the file has no dates.
    nominal: dict[str, NominalDates | None] = field(default_factory=dict)
    required: int = field(init=False)

    def __post_init__(self) -> None:
        infos = columns_of(TABLES[self.table])
        self.required = sum(info.is_required for info in infos.values())

    @property
    def n_required_found(self) -> int:
        """Required columns that were found."""
        return self.required - len(self.missing)

    @property
    def fit(self) -> tuple[float, int]:
        """More and surer columns, fewer missing ones; the file's name decides between equals."""
        sure = sum(found.confidence for found in self.taken.values())
        if set(self.taken) == {"patient_id"}:
            sure -= 0.9  # every export has an id; that alone says nothing
        return sure - 1.5 * len(self.missing) + 1.2 * self.n_open_days + 1.2 * self.is_named, self.n_required_found
