"""Non-negative least squares, against what was planted and against every other way to choose the columns."""

from itertools import chain, combinations

import numpy as np
import pytest

from processors.resources.least_squares import fit, r_squared


def test_planted_coefficients_come_back() -> None:
    draw = np.random.default_rng(7)
    inputs = draw.uniform(0, 100, (200, 4))
    planted = np.array([0.5, 0.0, 3.0, 12.0])
    found = fit(inputs, inputs @ planted)
    assert found.coefficients == pytest.approx(planted, abs=1e-9)
    targets = inputs @ planted
    assert r_squared(found.left, targets, np.zeros(200, dtype=int)) == pytest.approx(1)
    assert found.residual == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_no_choice_of_columns_is_better(seed: int) -> None:
    """Of all sets of columns whose plain least squares have none below 0, the best is the answer."""
    draw = np.random.default_rng(seed)
    inputs = draw.normal(0, 1, (30, 5))
    targets = inputs @ draw.normal(0, 1, 5) + draw.normal(0, 1, 30)
    left = []
    for chosen in chain.from_iterable(combinations(range(5), size) for size in range(6)):
        columns = inputs[:, list(chosen)]
        solved = np.linalg.lstsq(columns, targets)[0] if chosen else np.zeros(0)
        if (solved >= 0).all():
            left.append(float(((targets - columns @ solved) ** 2).sum()))
    found = fit(inputs, targets)
    assert (found.coefficients >= 0).all()
    assert float(((targets - inputs @ found.coefficients) ** 2).sum()) == pytest.approx(min(left))


def test_margins_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(11)
    planted = np.array([2.0, 5.0])
    held = 0
    for _ in range(300):
        inputs = draw.uniform(1, 10, (60, 2))
        found = fit(inputs, inputs @ planted + draw.normal(0, 3, 60))
        held += int((np.abs(found.coefficients - planted) <= found.margins).sum())
    assert held / 600 == pytest.approx(0.95, abs=0.02)


def test_columns_that_go_together_cannot_be_told_apart() -> None:
    inputs = np.column_stack([np.arange(50.0), 2 * np.arange(50.0)])
    assert np.isinf(fit(inputs, inputs.sum(axis=1)).margins).any()


def test_what_does_not_vary_within_its_group_has_no_r_squared() -> None:
    """That groups differ is nothing that inputs explain."""
    groups = np.repeat([0, 1], 5)
    targets = np.where(groups == 0, 3.0, 4.0)
    assert np.isnan(r_squared(np.zeros(10), targets, groups))
    assert r_squared(np.zeros(10), targets, np.zeros(10, dtype=int)) == 1
