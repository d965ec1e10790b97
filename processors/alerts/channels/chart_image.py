"""A course as a picture for messages: the measure as a line, thresholds dashed, axes with their units."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from processors.alerts.channels.course import Course
from processors.alerts.rules.units import show

# As it is shown; it is drawn at twice the size, for fine screens.
WIDTH, HEIGHT = 560, 180
_SCALE = 2
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 26, 24
# As the pages colour them, on white: mail programs show no dark picture.
_INK, _MUTED, _GRID, _LINE = "#1B2430", "#5A6472", "#E3E8EE", "#2563C9"
_LEVELS = {"critical": "#C62828", "warning": "#B26A00"}
_DASH, _GAP = 6, 4
_TIME_LABELS = 4
# Of the axis: what is beyond, as a threshold that stands for never, is drawn at its edge.
_LOWEST_TOP, _HIGHEST_TOP = 1e-9, 1e15

Point = tuple[float, float]


def png(course: Course) -> bytes:
    """The picture; nothing of it is anything that people wrote."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), "white")
    _Drawing(course, ImageDraw.Draw(image)).draw()
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


class _Drawing:
    def __init__(self, course: Course, canvas: ImageDraw.ImageDraw) -> None:
        self._course = course
        self._canvas = canvas
        self._font = ImageFont.load_default(11 * _SCALE)
        known = [value for value in course.values if math.isfinite(value)]
        self._most = _round_above(max([*known, *(threshold for _, threshold in course.thresholds)], default=0.0))

    def draw(self) -> None:
        course = self._course
        self._text((_LEFT, 6), course.title, _INK)
        for share in (0.0, 0.5, 1.0):
            value = self._most * share
            y = self._y(value)
            self._line([(_LEFT, y), (WIDTH - _RIGHT, y)], _GRID, 1)
            self._text((_LEFT - 6, y), show(course.unit, value), _MUTED, anchor="rm")
        for number in range(_TIME_LABELS):
            place = (len(course.times) - 1) * number // (_TIME_LABELS - 1)
            anchor = "lt" if not number else "rt" if number == _TIME_LABELS - 1 else "mt"
            label = f"{course.times[place].astimezone(UTC):%H:%M}" + (" UTC" if number == _TIME_LABELS - 1 else "")
            self._text((self._x(course.times[place]), HEIGHT - _BOTTOM + 6), label, _MUTED, anchor=anchor)
        for severity, threshold in course.thresholds:
            self._threshold(severity, threshold)
        for run in self._runs():
            self._line(run if len(run) > 1 else [run[0], (run[0][0] + 1, run[0][1])], _LINE, 1.75)

    def _runs(self) -> Iterator[list[Point]]:
        """The stretches without a gap."""
        run: list[Point] = []
        for moment, value in zip(self._course.times, self._course.values, strict=True):
            if math.isfinite(value):
                run.append((self._x(moment), self._y(value)))
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _threshold(self, severity: str, threshold: float) -> None:
        y, colour = self._y(threshold), _LEVELS.get(severity, _MUTED)
        for x in range(_LEFT, WIDTH - _RIGHT, _DASH + _GAP):
            self._line([(x, y), (min(x + _DASH, WIDTH - _RIGHT), y)], colour, 1.25)
        label = f"{severity if severity in _LEVELS else 'threshold'} {show(self._course.unit, threshold)}"
        self._text((WIDTH - _RIGHT, y - 2), label, colour, anchor="rb")

    def _x(self, moment: datetime) -> float:
        first, last = self._course.times[0], self._course.times[-1]
        share = (moment - first) / (last - first) if last > first else 0.0
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        height = HEIGHT - _TOP - _BOTTOM
        return _TOP + height * (1 - min(max(value / self._most, 0.0), 1.0))

    def _line(self, points: list[Point], colour: str, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._canvas.line(scaled, colour, round(width * _SCALE), joint="curve")

    def _text(self, at: Point, text: str, colour: str, anchor: str = "la") -> None:
        self._canvas.text((at[0] * _SCALE, at[1] * _SCALE), text, colour, self._font, anchor)


def _round_above(value: float) -> float:
    """A number that halves well, for the top of an axis."""
    if value <= 0:
        return 1.0
    value = min(max(value, _LOWEST_TOP), _HIGHEST_TOP)
    power = 10.0 ** math.floor(math.log10(value))
    return next(round(step * power, 12) for step in (1.2, 1.6, 2, 3, 4, 5, 6, 8, 10, 12) if step * power > value)
