"""EQ-5D-5L index from profiles, with the country's own value set given by the user."""

from typing import Any

import polars as pl

from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.frames import as_caller_kind, as_lazy, conform
from ptanalytics.schemas.questionnaire_results import QuestionnaireScores

N_PROFILES = 3125


def eq5d_index(scores: Any, value_set: Any, *, name: str) -> Any:
    """Look up the index value of each EQ-5D-5L profile.

    Value sets are country-specific and registered by EuroQol, so none is shipped; two value sets are never mixed.

    Args:
        scores: Result of `score_questionnaires`.
        value_set: Frame ``profile, value`` with all 3125 profiles, as EuroQol gives it for a country.
        name: Name of the value set; it goes with every index.

    Returns:
        One row per profile in the table: ``patient_id, completed_date, profile, eq5d_index, value_set, reason``. A profile
        with a 9 (a dimension without answer) has no index (``incomplete_profile``).

    Raises:
        InvalidTableError: The value set does not hold each profile once with a number, or has no name.
        MissingColumnsError: A column of the scores is absent.
    """
    values = as_lazy(value_set).select(
        profile=pl.col("profile").cast(pl.String), eq5d_index=pl.col("value").cast(pl.Float64, strict=False)
    ).collect()  # fmt: skip
    is_profile = values["profile"].str.contains(r"^[1-5]{5}$")
    if not name or values["profile"].n_unique() != N_PROFILES or values.height != N_PROFILES or not is_profile.all():
        raise InvalidTableError(
            f"An EQ-5D-5L value set needs a name and each of the {N_PROFILES} profiles once (11111 to 55555); "
            f"{values['profile'].n_unique()} different ones were found."
        )
    if values["eq5d_index"].is_null().any() or values["eq5d_index"].is_nan().any():
        raise InvalidTableError("The EQ-5D-5L value set has a profile without a number. Correct the file.")
    rows = conform(scores, QuestionnaireScores, source="The table 'questionnaire_scores'")
    found = (
        rows.filter(pl.col("profile").is_not_null())
        .join(values.lazy(), on="profile", how="left")
        .select(
            "patient_id",
            "completed_date",
            "profile",
            "eq5d_index",
            value_set=pl.lit(name),
            reason=pl.when(pl.col("eq5d_index").is_null()).then(pl.lit("incomplete_profile")),
        )
        .collect()
        .sort("patient_id", "completed_date")
    )
    return as_caller_kind(found, scores)
