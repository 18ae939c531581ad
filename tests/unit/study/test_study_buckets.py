"""The table of buckets says of each number what the patient's own id says, batch after batch."""

import polars as pl
import pytest

from ptanalytics.study.buckets import BucketTable, bucket_of
from ptanalytics.study.text_codes import TextCodes


@pytest.mark.parametrize("n_buckets", [1, 8, 61])
def test_every_id_has_its_bucket_in_whatever_batch_it_comes_first(n_buckets: int) -> None:
    codes, table = TextCodes(), BucketTable(n_buckets)
    for start in (0, 500, 250, 3_000):
        ids = pl.Series([f"P{number % 2_000}" for number in range(start, start + 1_200)])
        buckets = table.of(codes.of(ids), ids)
        assert buckets.tolist() == [bucket_of(text, n_buckets) for text in ids]


def test_a_missing_id_before_the_first_id_changes_no_bucket() -> None:
    codes, table = TextCodes(), BucketTable(8)
    for ids in (pl.Series([None, None], dtype=pl.String), pl.Series([None, "P1", "", None, "P2"])):
        buckets = table.of(codes.of(ids), ids)
        given = [bucket for bucket, text in zip(buckets, ids, strict=True) if text is not None]
        assert given == [bucket_of(text, 8) for text in ids.drop_nulls()]
        assert buckets.max() < 8
