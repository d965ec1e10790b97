"""The design system: colours and sizes, and what is made of them for CSS, Mantine and Plotly.

Nothing else names a colour. Python and charts write `$good`; the browser puts in the colour of the reader's scheme, so
that a figure is the same in both.
"""

from typing import Any

# Name of a token → its colour on light and on dark. tests/dashboards/test_design.py holds them to their contrast, and
# what meets in one chart to a difference that is also seen with a colour vision deficiency.
COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#F6F7F9", "#12151C"),
    "card": ("#FFFFFF", "#1A1F29"),
    "raised": ("#FFFFFF", "#222936"),
    "hover": ("#EEF1F5", "#252C39"),
    "selected": ("#E6EBFB", "#263256"),
    "line": ("#DDE2E8", "#2E3644"),
    "control": ("#848E9D", "#6B7686"),
    "grid": ("#E9ECF0", "#272E3B"),
    "ink": ("#1A212B", "#E8ECF2"),
    "secondary": ("#5A6472", "#9AA5B4"),
    "accent": ("#3B5BDB", "#7C9CFF"),
    # States, always with a glyph or a word.
    "good": ("#307C69", "#4ABE9E"),
    "info": ("#588CF0", "#A4B0FF"),
    "warning": ("#CA7900", "#FCB03A"),
    "bad": ("#BC2B29", "#F46769"),
    "neutral": ("#828C9C", "#808B9B"),
    # The same as text, where the colour alone has less than 4.5 : 1.
    "good-ink": ("#256A5A", "#4FB8A0"),
    "info-ink": ("#2E5FC2", "#7FB0FF"),
    "warning-ink": ("#8F5500", "#F2A93B"),
    "bad-ink": ("#B71C1C", "#FF8080"),
    "good-tint": ("#E3F2EE", "#1D3530"),
    "info-tint": ("#E6EEFD", "#1F2F4A"),
    "warning-tint": ("#FBEFD9", "#3A2E18"),
    "bad-tint": ("#FBE6E6", "#43232A"),
    # Percentiles: one hue in three strengths.
    "p50": ("#6D88F0", "#5B72D6"),
    "p95": ("#3D57D0", "#8FA9FF"),
    "p99": ("#1B2C80", "#D3DDFF"),
    "series1": ("#2E5DF9", "#7C9CFF"),
    "series2": ("#B7852A", "#CD9858"),
    "series3": ("#CE3572", "#E9378E"),
    "series4": ("#0E9DAA", "#75EBE1"),
    "series5": ("#881E83", "#E0DF41"),
    "series6": ("#6F5B21", "#BEE6AC"),
}
SERIES = tuple(f"$series{number}" for number in range(1, 7))
STATUS_COLOURS = {
    "status_2xx": "$good",
    "status_3xx": "$info",
    "status_4xx": "$warning",
    "status_5xx": "$bad",
    "status_other": "$neutral",
}

SIZES = {"meta": 12, "table": 13, "body": 14, "panel": 16, "page": 20, "figure": 28}
FONT = "Inter, system-ui, sans-serif"

MANTINE_THEME: dict[str, Any] = {
    "primaryColor": "indigo",
    "primaryShade": 8,
    "fontFamily": FONT,
    "fontSizes": {"xs": "12px", "sm": "13px", "md": "14px", "lg": "16px", "xl": "20px"},
    "defaultRadius": 8,
    "cursorType": "pointer",
    "respectReducedMotion": True,
    "headings": {
        "fontWeight": "600",
        "sizes": {"h1": {"fontSize": "20px"}, "h2": {"fontSize": "16px"}, "h3": {"fontSize": "14px"}},
    },
}


def css_variables(*, follows_system: bool = False) -> str:
    """A style sheet with `--<token>` for each colour and `--size-<name>` for each size.

    Dark is what the page says, or with `follows_system` what the system does.
    """
    sizes = "".join(f"--size-{name}:{pixels}px;" for name, pixels in SIZES.items())
    light, dark = ("".join(f"--{name}:{pair[place]};" for name, pair in COLOURS.items()) for place in (0, 1))
    if follows_system:
        return f":root{{{sizes}{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{sizes}{light}}}:root[data-mantine-color-scheme=dark]{{{dark}}}"


def plotly_layout(**more: Any) -> dict[str, Any]:
    """What every figure has in common, as Plotly's `layout`; colours are tokens."""
    return {
        "font": {"family": FONT, "size": SIZES["meta"], "color": "$secondary"},
        "paper_bgcolor": "$card",
        "plot_bgcolor": "$card",
        "margin": {"l": 60, "r": 8, "t": 8, "b": 26},
        "showlegend": False,
        "dragmode": False,
        "hovermode": False,
        **more,
    }


def plotly_axis(**more: Any) -> dict[str, Any]:
    """An axis; the browser puts ticks with units on it."""
    return {
        "gridcolor": "$grid",
        "linecolor": "$line",
        "tickcolor": "$line",
        "zeroline": False,
        "fixedrange": True,
        "automargin": False,
        **more,
    }
