"""Generated data for trying, teaching, tests and benchmarks; nobody's real data."""

from ptanalytics.samples.registry import SampleRegistry, write_registry
from ptanalytics.samples.write import SampleClinic, write_samples

__all__ = ["SampleClinic", "SampleRegistry", "write_registry", "write_samples"]
