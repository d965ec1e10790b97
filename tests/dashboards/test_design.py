"""Colours can be read and told apart: contrast by WCAG 2.2, differences by CIEDE2000, for every colour vision."""

import math
import re
from collections.abc import Callable
from itertools import combinations

import pytest

from dashboards.access.form_page import STYLE_SHEET
from dashboards.design import COLOURS, SERIES, STATUS_COLOURS

Colour = tuple[float, float, float]

TEXT, GRAPHIC = 4.5, 3.0
APART = 15.0
SCHEMES = ("light", "dark")

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency" (2009),
# severity 1, for linear RGB.
_SIMULATIONS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# What stands in one chart. States have a glyph or a word besides, classes of status an order in the stack.
_MEETING = {
    "series": [one[1:] for one in SERIES],
    "percentiles": ["p50", "p95", "p99"],
    "status": [one[1:] for one in STATUS_COLOURS.values()],
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["page", "card", "raised", "hover", "selected"])
@pytest.mark.parametrize("text", ["ink", "secondary", "accent", "good-ink", "info-ink", "warning-ink", "bad-ink"])
def test_text_has_contrast(text: str, ground: str, scheme: str) -> None:
    assert _contrast(_linear(text, scheme), _linear(ground, scheme)) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("state", ["good", "info", "warning", "bad"])
def test_text_on_the_tint_of_its_state_has_contrast(state: str, scheme: str) -> None:
    assert _contrast(_linear(f"{state}-ink", scheme), _linear(f"{state}-tint", scheme)) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["page", "card"])
@pytest.mark.parametrize(
    "token", sorted({"control", "accent", *(name for names in _MEETING.values() for name in names)})
)
def test_graphics_have_contrast(token: str, ground: str, scheme: str) -> None:
    assert _contrast(_linear(token, scheme), _linear(ground, scheme)) >= GRAPHIC


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seen_with", ["all cones", *_SIMULATIONS])
@pytest.mark.parametrize("names", _MEETING.values(), ids=_MEETING)
def test_what_stands_in_one_chart_can_be_told_apart(names: list[str], seen_with: str, scheme: str) -> None:
    see = _sight(seen_with)
    close = {
        (one, other): round(found, 1)
        for one, other in combinations(names, 2)
        if (found := _difference(_lab(see(_linear(one, scheme))), _lab(see(_linear(other, scheme))))) < APART
    }
    assert close == {}


def test_the_difference_is_that_of_the_published_examples() -> None:
    # Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula" (2005), table 1.
    for one, other, published in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ):
        assert _difference(one, other) == pytest.approx(published, abs=1e-4)


def _linear(token: str, scheme: str) -> Colour:
    """Linear RGB in 0…1."""
    written = COLOURS[token][SCHEMES.index(scheme)].removeprefix("#")
    parts = [int(written[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), seen, strict=True)) for seen in (one, other)
    )
    return (lighter + 0.05) / (darker + 0.05)


def _sight(name: str) -> Callable[[Colour], Colour]:
    if name not in _SIMULATIONS:
        return lambda colour: colour

    def see(colour: Colour) -> Colour:
        red, green, blue = (
            min(1.0, max(0.0, sum(w * c for w, c in zip(row, colour, strict=True)))) for row in _SIMULATIONS[name]
        )
        return red, green, blue

    return see


def _lab(colour: Colour) -> Colour:
    """CIELAB under D65, of linear RGB."""
    red, green, blue = colour
    xyz = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        0.2126729 * red + 0.7151522 * green + 0.0721750 * blue,
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > (6 / 29) ** 3 else part / (3 * (6 / 29) ** 2) + 4 / 29 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _difference(one: Colour, other: Colour) -> float:
    """CIEDE2000."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    c1, c2 = math.hypot(a1 * stretch, b1), math.hypot(a2 * stretch, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if not c1 * c2 else (h2 - h1 + 180) % 360 - 180
    hue = h1 + h2 if not c1 * c2 else (h1 + turn / 2) % 360
    lightness, mean_chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * math.cos(math.radians(hue - 30))
        + 0.24 * math.cos(math.radians(2 * hue))
        + 0.32 * math.cos(math.radians(3 * hue + 6))
        - 0.20 * math.cos(math.radians(4 * hue - 63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_chroma, 1 + 0.015 * mean_chroma * t
    rotation = (
        -2
        * math.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7))
        * math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    )
    by_light = (l2 - l1) / s_l
    by_chroma = (c2 - c1) / s_c
    by_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / s_h
    return math.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


def test_the_sign_in_page_has_the_same_colours() -> None:
    tokens, rules = STYLE_SHEET.split("@font-face", 1)
    assert set(re.findall(r"var\((--[\w-]+)\)", rules)) <= set(re.findall(r"(--[\w-]+):", tokens))
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", rules)
    light, dark = COLOURS["page"]
    assert f":root{{--page:{dark};" in tokens
    assert f"--page:{light};" in tokens
