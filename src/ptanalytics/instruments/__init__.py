"""Questionnaires and pain scales as data: items, ranges, scoring, bands, minimal important change, measurement error."""

from ptanalytics.instruments.bands import Band, band_expression, bands
from ptanalytics.instruments.catalogue import Instrument, form_ids, instrument, instrument_ids, measure, measure_ids
from ptanalytics.instruments.display import count_text, number_text, share_text, short_number
from ptanalytics.instruments.mic import MicChoice, MicRow, mdc95_of, mdc_from_sem, mic_for, mic_table
from ptanalytics.instruments.score_table import read_score_table
from ptanalytics.instruments.scoring import band_of, score_forms

__all__ = [
    "Band",
    "Instrument",
    "MicChoice",
    "MicRow",
    "band_expression",
    "band_of",
    "bands",
    "count_text",
    "form_ids",
    "instrument",
    "instrument_ids",
    "mdc95_of",
    "mdc_from_sem",
    "measure",
    "measure_ids",
    "mic_for",
    "mic_table",
    "number_text",
    "read_score_table",
    "score_forms",
    "share_text",
    "short_number",
]
