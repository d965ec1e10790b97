"""Non-negative least squares, and how far its coefficients can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

# Two sides of a normal distribution, 95 %.
_Z = 1.96
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class LeastSquares:
    """What `fit` found, a coefficient for each column of its inputs."""

    # None is below 0; one that would be is 0.
    coefficients: Vector
    # Half of the interval that holds the coefficient 95 times of 100; infinite if the inputs do not determine it.
    margins: Vector
    # What is left of each target, and the standard deviation of that.
    left: Vector
    residual: float


def fit(inputs: Matrix, targets: Vector) -> LeastSquares:
    """By the active sets of C. Lawson and R. Hanson, Solving Least Squares Problems, chapter 23."""
    scale = np.linalg.norm(inputs, axis=0)
    scale[scale == 0] = 1
    scaled = inputs / scale
    solution, active = _active_set(scaled, targets)
    left = targets - scaled @ solution
    degrees = max(1, len(targets) - int(active.sum()))
    variance = float(left @ left) / degrees
    margins = _margins(scaled, active, variance)
    return LeastSquares(solution / scale, margins / scale, left, float(np.sqrt(variance)))


def r_squared(left: Vector, targets: Vector, groups: NDArray[np.int_]) -> float:
    """The share of the targets' variance around the mean of their group that is explained; nan where there is none."""
    means = np.bincount(groups, targets) / np.bincount(groups)
    around = targets - means[groups]
    total = float(around @ around)
    return 1 - float(left @ left) / total if total > _TOLERANCE * float(targets @ targets) else np.nan


def _active_set(inputs: Matrix, targets: Vector) -> tuple[Vector, NDArray[np.bool_]]:
    """The solution, and which of its coefficients are not held at 0."""
    columns = inputs.shape[1]
    active, solution = np.zeros(columns, dtype=bool), np.zeros(columns)
    # Each round takes a column in or out; a bound keeps what alternates from doing so for ever.
    for _ in range(3 * columns):
        gradient = inputs.T @ (targets - inputs @ solution)
        gradient[active] = -np.inf
        entering = int(np.argmax(gradient))
        if gradient[entering] <= _TOLERANCE * max(1.0, float(np.linalg.norm(targets))):
            break
        active[entering] = True
        solution = _inside(inputs, targets, solution, active)
    return solution, active


def _inside(inputs: Matrix, targets: Vector, solution: Vector, active: NDArray[np.bool_]) -> Vector:
    """The best solution of the active columns without one below 0; takes out of `active` what has to be 0 for that."""
    while True:
        wanted = _solved(inputs, targets, active)
        below = active & (wanted <= 0)
        if not below.any():
            return wanted
        gaps = solution[below] - wanted[below]
        share = float(np.min(np.where(gaps > 0, solution[below] / np.where(gaps > 0, gaps, 1), 0)))
        solution = solution + share * (wanted - solution)
        active &= solution > _TOLERANCE
        solution[~active] = 0


def _solved(inputs: Matrix, targets: Vector, active: NDArray[np.bool_]) -> Vector:
    solution = np.zeros(inputs.shape[1])
    solution[active] = np.linalg.lstsq(inputs[:, active], targets)[0]
    return solution


def _margins(inputs: Matrix, active: NDArray[np.bool_], variance: float) -> Vector:
    """Of those at 0 too, as if each were let in: how much could be there and not be seen."""
    margins = np.full(inputs.shape[1], np.inf)
    for column in range(inputs.shape[1]):
        chosen = active.copy()
        chosen[column] = True
        used = inputs[:, chosen]
        if np.linalg.matrix_rank(used) < used.shape[1]:
            continue
        covariance = np.linalg.inv(used.T @ used)
        place = int(chosen[:column].sum())
        margins[column] = _Z * np.sqrt(max(0.0, covariance[place, place]) * variance)
    return margins
