"""What is said of the fit behind the costs of a gateway."""

import pandas as pd

from dashboards.pages.gateways.cost_panel import fit_note, silence_note


def _fits(*rows: tuple[str, float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["environment", "r_squared", "idle_cores", "silent_because"])


def test_a_fit_without_figures_is_not_spoken_of() -> None:
    fits = _fits(("test", 0.0, 0.5, "CPU does not follow the traffic"), ("prod", 0.98, 0.25, ""))
    assert fit_note(fits).replace("\N{NO-BREAK SPACE}", " ") == (
        "Traffic explains 98 % of the CPU; idle it takes 0.25 cores"
    )


def test_several_are_reported_by_environment() -> None:
    note = fit_note(_fits(("test", 0.9, 0.5, ""), ("prod", 0.98, 0.25, "")))
    assert note.count("Traffic of ") == 2
    assert note.index("of test") < note.index("of prod")


def test_why_there_are_no_figures_is_explained_by_environment_where_it_differs() -> None:
    few = "CPU is known for only 1 step"
    assert silence_note(_fits(("test", 0.0, 0.5, few), ("prod", 0.0, 0.5, few))) == few
    assert silence_note(_fits(("test", 0.0, 0.5, few), ("prod", 0.0, 0.5, "no CPU"))) == f"test: {few}. prod: no CPU"
    assert silence_note(_fits(("prod", 0.98, 0.25, ""))) == ""
