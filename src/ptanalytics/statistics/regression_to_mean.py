"""How much a group selected at its worst improves without any effect."""

from ptanalytics.errors import InvalidTableError


def expected_regression_to_mean(group_mean: float, population_mean: float, reliability: float) -> float:
    """Return the change toward the population mean that selection alone leads one to expect.

    ``(1 - r)(group mean - population mean)``, in points of the score: a drop where positive. People enrol when pain is at
    its peak, so part of every uncontrolled improvement is this.

    Args:
        group_mean: Mean of those selected, at selection.
        population_mean: Mean of the population they come from.
        reliability: Test-retest correlation over the same interval, from 0 to 1.

    Raises:
        InvalidTableError: The reliability is not between 0 and 1.

    Example:
        >>> round(expected_regression_to_mean(7.5, 5.5, 0.6), 6)
        0.8

    References:
        Barnett 2005, doi:10.1093/ije/dyh299.
    """
    if not 0 <= reliability <= 1:
        raise InvalidTableError("expected_regression_to_mean needs a reliability from 0 to 1.")
    return (1 - reliability) * (group_mean - population_mean)
