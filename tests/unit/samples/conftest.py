"""One sample clinic for all tests of the samples; nothing changes it."""

import pytest

from ptanalytics.samples import SampleClinic, write_samples


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> SampleClinic:
    return write_samples(tmp_path_factory.mktemp("samples"))
