"""The outcome report: its numbers are the analyses' numbers, and nothing about few persons is in it."""

import math
import re

import pytest

import ptanalytics as pta
from ptanalytics.adherence import cohort_adherence
from ptanalytics.errors import InvalidTableError
from ptanalytics.reports.content import Heading, Paragraph

WEEK = 12


@pytest.fixture(scope="module")
def full(study):
    """The report for use inside the site, with every count."""
    return pta.outcome_report(study, suppress_below=1)


@pytest.fixture(scope="module")
def outside(study):
    """The report as it may leave the building."""
    return pta.outcome_report(study, suppress_below=11)


def _text(report):
    parts = [report.title, report.subtitle, *(f"{n}: {v}" for n, v in report.provenance)]
    for block in report.blocks:
        if hasattr(block, "rows"):
            parts += [block.caption, *(" | ".join(row) for row in block.rows), block.note]
        elif hasattr(block, "items"):
            parts += [" ".join(item) if isinstance(item, tuple) else item for item in block.items]
        elif hasattr(block, "text"):
            parts.append(block.text)
        else:
            parts.append(str(block.figure.layout.meta["alt"]))
    return "\n".join(parts)


def test_sections_come_in_order(outside):
    headings = [b.text for b in outside.blocks if isinstance(b, Heading) and b.level == 2]

    assert headings == [
        "Flow of patients",
        "Adherence",
        "Change from baseline to week 12",
        "Responders at week 12",
        "By group",
        "Data quality",
        "Methods",
    ]


def test_the_flow_is_the_analysis(full, study, table_of):
    flow = pta.patient_flow(study)

    rows = table_of(full, "Flow of patients")
    assert [int(row["Patients"]) for row in rows] == flow["n"].tolist()
    assert [int(row["Fell out here"]) for row in rows] == flow["excluded"].tolist()


def test_adherence_has_every_definition_with_numerator_and_denominator(full, study, table_of):
    expected = cohort_adherence(pta.adherence_summary(study))

    rows = table_of(full, "Adherence by definition")
    assert len(rows) == 5
    for row, (_, truth) in zip(rows, expected.iterrows(), strict=True):
        assert int(row["Patients"]) == truth["n"]
        numerator, denominator = re.match(r"([\d.]+) / ([\d.]+) ", row["Numerator / denominator"]).groups()
        assert float(numerator) == pytest.approx(truth["numerator"], abs=0.051)
        assert float(denominator) == pytest.approx(truth["denominator"], abs=0.051)
        assert float(row["Median"].removesuffix(" %")) == pytest.approx(truth["median_pct"], abs=0.5)


def test_change_is_recomputed_by_plain_pandas(full, study, table_of):
    changes = pta.changes(study)
    odi = changes[(changes["measure"] == "odi") & (changes["target_week"] == WEEK)].dropna(subset=["improvement"])
    gain = odi["baseline"] - odi["followup"]
    half = 2.0281 * gain.std() / math.sqrt(len(odi))  # t(0.975, 36)

    row = next(r for r in table_of(full, "Change over") if r["Measure"].startswith("Oswestry"))

    assert len(odi) == 37
    assert int(row["n"]) == 37
    mean, low, high = map(float, re.findall(r"-?\d+\.\d", row["Improvement, mean (95 % interval)"].replace("95 %", "")))
    assert mean == pytest.approx(gain.mean(), abs=0.051)
    assert (low, high) == pytest.approx((gain.mean() - half, gain.mean() + half), abs=0.06)


def test_responders_stand_side_by_side_with_their_wilson_intervals(full, study, table_of):
    shares = pta.responder_shares(pta.changes(study))
    truth = shares[(shares["measure"] == "odi") & (shares["target_week"] == WEEK) & (shares["rule"] == "both")]
    by_population = truth.set_index("population")

    row = next(r for r in table_of(full, "Responders at") if r["Measure"].startswith("Osw") and "headline" in r["Rule"])

    for column, population in (("Completers", "completers"), ("All starters", "all_starters")):
        k, n, _, low, high = re.match(r"(\d+)/(\d+) \((\d+) %\); (\d+) to (\d+) %", row[column]).groups()
        expected = by_population.loc[population]
        assert (int(k), int(n)) == (expected["responders"], expected["n"])
        assert (int(low), int(high)) == pytest.approx((expected["lower_pct"], expected["upper_pct"]), abs=0.51)


def test_all_starters_are_completers_plus_no_followup(full, table_of):
    for row in table_of(full, "Who is in the denominators"):
        outside = sum(int(row[name]) for name in ("No baseline", "No room to improve", "Not due yet"))
        assert int(row["With a start"]) == int(row["All starters"]) + outside


def test_the_group_table_adds_up_to_the_whole(full, table_of):
    whole = next(r for r in table_of(full, "Responders at") if "headline" in r["Rule"])["All starters"].split(" ")[0]

    rows = table_of(full, "Pain, daily log, week 12, by site")
    k = sum(int(row["Responders"]) for row in rows)
    n = sum(int(row["All starters"]) for row in rows)
    assert {row["Site"] for row in rows} == {"north", "south"}
    assert f"{k}/{n}" == whole


def test_quality_counts_are_the_receipts(messy_study, table_of):
    report = pta.outcome_report(messy_study)
    receipt = messy_study.receipts()[0]

    whole = table_of(report, "Rows of all imports")[-1]
    assert [int(whole[name]) for name in ("Read", "Used", "Set aside", "Duplicate", "Headings, comments, blank")] == [
        receipt.rows_read,
        receipt.rows_used,
        receipt.rows_set_aside,
        receipt.rows_duplicate,
        receipt.rows_ignored,
    ]
    reasons = messy_study.quarantine().reasons
    rules = {(row["Rule"], row["Column"]): int(row["Rows"]) for row in table_of(report, "Rows set aside")}
    for (rule, column), group in reasons.groupby(["rule", "column"]):
        assert rules[rule, column or "–"] == len(group[["file", "row"]].drop_duplicates())


def _counts_of_persons(report):
    """Every whole number in a cell that counts persons."""
    tables = ("Flow of", "Patients by adherence band", "Responders at", "Who is in", "Pain, daily log, week")
    for table in report.tables():
        if table.caption.startswith(tables):
            for row in table.rows:
                for cell in (cell for i, cell in enumerate(row) if i not in table.text_columns):
                    yield from (int(n) for n in re.findall(r"(?<![\d.<])(\d+)(?=$|/)", cell))
                    yield from (int(n) for n in re.findall(r"/(\d+)", cell))


def test_no_count_of_one_to_ten_persons_leaves(outside):
    counts = list(_counts_of_persons(outside))

    assert len(counts) > 20
    assert [n for n in counts if 0 < n < 11] == []


def test_no_small_count_follows_by_subtraction_from_the_shares(outside, table_of):
    """Responders, completers and starters of a measure as an attacker combines them over all rules and tables."""
    without = {row["Measure"]: row for row in table_of(outside, "Who is in the denominators")}
    shown = {}
    for row in table_of(outside, "Responders at"):
        numbers = shown.setdefault(row["Measure"], {"k": set(), "completers": set(), "starters": set()})
        for column, name in (("Completers", "completers"), ("All starters", "starters")):
            if found := re.match(r"(\d+)/(\d+)", row[column]):
                numbers["k"].add(int(found[1]))
                numbers[name].add(int(found[2]))
    for row in table_of(outside, "Change over"):
        if row["n"].isdigit():
            shown[row["Measure"].split(" (")[0]]["completers"].add(int(row["n"]))

    assert shown
    for measure, numbers in shown.items():
        for k in numbers["k"]:
            assert not [n for n in numbers["completers"] | numbers["starters"] if 0 < n - k < 11], measure
        assert not [1 for n in numbers["starters"] for c in numbers["completers"] if 0 < n - c < 11], measure
        hidden = without[measure]["No follow-up"]
        if not numbers["completers"]:
            assert not hidden.isdigit() or hidden == "0", measure


def test_no_patient_id_is_in_the_report(outside, study):
    whole = _text(outside) + "".join(f.figure.to_json() for f in outside.figures())

    assert not [p for p in study.patient_ids() if p in whole]


def test_what_is_hidden_is_said(outside, full):
    assert "Counts of 1 to 10 persons are not shown" in _text(outside)
    assert "for use inside the site only" in _text(full)


def test_of_generated_data_every_count_is_shown_and_it_says_why(study):
    report = pta.outcome_report(study)

    assert "Small counts are shown: these data are generated" in _text(report)
    assert any(0 < n < 11 for n in _counts_of_persons(report))
    assert not [b for b in report.blocks if isinstance(b, Paragraph) and b.kind == "alert"]


def test_a_report_for_inside_the_site_says_so_first(tiny_study):
    first = pta.outcome_report(tiny_study, suppress_below=1).blocks[0]

    assert isinstance(first, Paragraph)
    assert first.kind == "alert"
    assert "for use inside the site only" in first.text


def test_a_cohort_below_the_threshold_is_said_plainly(tiny_study):
    report = pta.outcome_report(tiny_study)

    alert = next(b for b in report.blocks if isinstance(b, Paragraph) and b.kind == "alert")
    assert "fewer than 11 patients" in alert.text
    assert report.subtitle.startswith("<11 patients")
    assert not report.figures()
    assert "5 patients" not in _text(report)


def test_inside_the_site_the_small_cohort_is_shown(tiny_study):
    assert pta.outcome_report(tiny_study, suppress_below=1).subtitle.startswith("5 patients")


def test_a_study_without_logs_says_what_is_missing(trial_study, table_of):
    report = pta.outcome_report(trial_study)

    assert "Adherence is not reported: the study holds no plans or no sessions" in _text(report)
    rows = table_of(report, "Responders at")
    assert next(r for r in rows if "headline" in r["Rule"])["All starters"].startswith("20/40 (50 %)")
    arms = table_of(report, "Oswestry Disability Index, week 12, by condition or trial arm")
    assert [row["All starters"] for row in arms] == ["20", "20"]


FORBIDDEN = r"\b(caused by|because of the exercises|effective|must|safe|at risk|recovering|successful|failed to)\b"


def test_no_judgement_and_no_cause_is_worded(outside):
    text = _text(outside)

    assert not re.findall(FORBIDDEN, text, flags=re.IGNORECASE)
    assert "it does not show that doing more exercises caused the change" in text
    assert "regression to the mean" in text
    assert "For clinician review" in text


@pytest.mark.parametrize(
    "words",
    [
        "Headline: weekly_capped",
        "plan weeks",
        "50 % completion",
        "Excused days accrue no prescription",
        "Σmin(S,P)/ΣP",
        "cut of 80 %",
        "Initiation",
        "self-report",
        "Wilson 95 %",
        "A missing value is never filled in",
        "10.1097/BRS.0b013e31815e3a10",
    ],
)
def test_methods_follow_the_reporting_checklist(outside, words):
    assert words in _text(outside)


def test_provenance_lets_the_report_be_made_again(outside, study):
    facts = dict(outside.provenance)

    assert facts["Data fingerprint"] == study.data_fingerprint
    assert facts["Rules version"] == study.settings.rules_version
    assert facts["Study"] == "Sample clinic (synthetic data)"
    assert "ptanalytics 0.1.0" in facts["Software"]
    assert outside.is_synthetic
    assert all("Synthetic" in f.figure.layout.meta["alt"] for f in outside.figures())


def test_another_week_is_another_report(study):
    report = pta.outcome_report(study, week=6, title="Six weeks")

    assert report.title == "Six weeks"
    assert any("week 6" in t.caption for t in report.tables())


@pytest.mark.parametrize("options", [{"week": 0}, {"suppress_below": 0}])
def test_wrong_options_are_refused(study, options):
    with pytest.raises(InvalidTableError, match="at least 1"):
        pta.outcome_report(study, **options)
