"""The map of who calls whom: where its nodes and bands come to lie."""

import pytest

from dashboards.figures.flow import Band, flow


def _flow(*edges: tuple[str, str, float]) -> dict[str, list[dict[str, object]]]:
    bands = [Band(source, target, rate, "good", f"{source} to {target}", "/mesh") for source, target, rate in edges]
    drawn = flow("map", bands, {"gateway": "/gateways/gateway"}, "summary")
    return {"nodes": drawn.nodes, "bands": drawn.bands}  # type: ignore[attr-defined]  # props of Dash


def _by_name(drawn: dict[str, list[dict[str, object]]]) -> dict[object, dict[str, object]]:
    return {node["key"]: node for node in drawn["nodes"]}


def test_each_node_is_right_of_those_that_ask_it() -> None:
    drawn = _flow(("clients", "gateway", 10), ("gateway", "orders", 7), ("gateway", "stock", 3), ("orders", "stock", 2))
    nodes = _by_name(drawn)
    columns = [float(str(nodes[name]["x"])) for name in ("clients", "gateway", "orders", "stock")]
    assert columns == sorted(columns)
    assert len(set(columns)) == 4
    assert nodes["gateway"]["href"] == "/gateways/gateway"
    assert nodes["stock"]["anchor"] == "end"


def test_bands_are_as_wide_as_their_traffic_and_fill_their_nodes() -> None:
    drawn = _flow(("clients", "a", 30), ("clients", "b", 10))
    widths = {band["key"]: band["width"] for band in drawn["bands"]}
    assert float(str(widths["clients>a"])) == pytest.approx(3 * float(str(widths["clients>b"])))
    assert _by_name(drawn)["clients"]["height"] == pytest.approx(sum(float(str(width)) for width in widths.values()))


def test_bands_do_not_cross_where_they_need_not() -> None:
    drawn = _flow(("a", "y", 10), ("b", "x", 10), ("c", "z", 5), ("x", "deep", 3))
    nodes = _by_name(drawn)
    left = sorted("abc", key=lambda name: float(str(nodes[name]["y"])))
    right = sorted("xyz", key=lambda name: float(str(nodes[name]["y"])))
    asks = {"a": "y", "b": "x", "c": "z"}
    assert [asks[name] for name in left] == right


def test_services_that_ask_each_other_in_a_circle_are_drawn() -> None:
    drawn = _flow(("a", "b", 1), ("b", "c", 1), ("c", "a", 1), ("a", "a", 1))
    assert set(_by_name(drawn)) == {"a", "b", "c"}
    assert len(drawn["bands"]) == 4
