"""Study: a folder on disk that imports exports in one transaction and runs analyses bucket by bucket."""

from ptanalytics.study.creation import create_study
from ptanalytics.study.study import Study, open_study

__all__ = ["Study", "create_study", "open_study"]
