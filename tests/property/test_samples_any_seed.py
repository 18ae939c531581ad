"""Whatever the seed, the sample clinic keeps the contract."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.samples.clinic import clinic_facts
from ptanalytics.schemas.model import key_of
from ptanalytics.schemas.tables import TABLES


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**63 - 1))
def test_any_seed_gives_valid_tables_with_every_role(seed):
    facts = clinic_facts(seed)

    for name, table in facts.tables.items():
        TABLES[name].validate(table)
        assert not table.select(key_of(TABLES[name])).is_duplicated().any()
        assert set(table["patient_id"]) <= set(facts.roles)
    assert len(facts.roles) == 60
    assert facts.tables["sessions"]["started_at"].max().date() <= date(2026, 6, 28)
    assert facts.tables["pain_scores"]["recorded_at"].max().date() <= date(2026, 6, 28)
    assert facts.tables["flags"].height == 2
