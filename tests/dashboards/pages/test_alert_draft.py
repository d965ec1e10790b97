"""A rule through the editor's form and back: nothing of it is lost."""

import pytest
import yaml

from dashboards.pages.alerts.draft import definition_of, definition_yaml, fields_of, fields_of_view, has_threshold
from dashboards.state.view import parse_view
from processors.alerts.rule_source import rule_of
from processors.errors import InvalidRule

_RULES = """
- {alert: a, measure: error_rate, window: 5m, threshold: 0.05, recovery: 0.03, severity: page, by: [api],
   filters: ["api=orders,payments", "status!=404"], for: 2m, keep_firing_for: 5m, min_requests: 50, delay: 1m,
   new_group_delay: 10m, labels: {team: shop}, annotations: {summary: "{{ value }}", dashboard: "x"}, receiver: on-call}
- {alert: b, measure: p99, window: 10m, op: ">=", enabled: false, limit: 5, apdex_threshold_ms: 100,
   severities: {warning: {threshold: 500}, critical: {threshold: 900, recovery: 700}}}
- {alert: c, kind: change, measure: requests, window: 5m, op: "<", threshold: -0.5, against: 1w}
- {alert: d, kind: consecutive, measure: errors, window: 5m, periods: 3, threshold: 100}
- {alert: e, kind: absence, window: 10m, min_requests: 1000, by: [environment, api], seen_within: 2d}
- {alert: f, kind: burn_rate, objective: 99.9%, filters: {api: orders},
   windows: [{long: 1h, short: 5m, factor: 14.4, severity: page}]}
- {alert: g, kind: pipeline, signal: spool, op: ">=", threshold: 0.8}
- {alert: h, kind: sql, sql: "SELECT count() FROM logs", window: 1h, threshold: 3}
"""


@pytest.mark.parametrize("given", yaml.safe_load(_RULES), ids=lambda given: given["alert"])
def test_a_rule_is_the_same_after_the_form(given: dict[str, object]) -> None:
    rule = rule_of(given)
    assert rule_of(yaml.safe_load(definition_yaml(definition_of(fields_of(rule), given)))) == rule
    assert has_threshold(fields_of(rule))


def test_an_emptied_field_is_gone() -> None:
    given = yaml.safe_load(_RULES)[0]
    fields = fields_of(rule_of(given)) | {"for": "", "recovery_page": "", "labels": "", "filters": ""}
    definition = definition_of(fields, given)
    assert not {"for", "recovery", "labels", "filters"} & definition.keys()
    assert (definition["delay"], definition["annotations"]["dashboard"]) == ("1m", "x")


def test_another_kind_drops_what_it_has_no_use_for() -> None:
    given = yaml.safe_load(_RULES)[0]
    definition = definition_of(fields_of(rule_of(given)) | {"kind": "absence"}, given)
    assert not {"measure", "new_group_delay"} & definition.keys()


def test_a_link_of_a_chart_fills_in_a_new_rule() -> None:
    view = parse_view("/alerts/new", "?measure=p95&window=10m&filter=api%3Dorders&filter=status!%3D404")
    fields = fields_of_view(view, None, "on-call")
    assert (fields["name"], fields["measure"], fields["window"]) == ("orders-p95", "p95", "10m")
    assert (fields["filters"], fields["receiver"], fields["op"]) == ("api=orders\nstatus!=404", "on-call", ">")
    assert not has_threshold(fields)
    assert fields_of_view(parse_view("/alerts/new", "?measure=nonsense"), None, "")["measure"] == "error_rate"


def test_percents_are_shares_and_no_number_is_reported() -> None:
    fields = {"name": "x", "measure": "error_rate", "window": "5m", "threshold_warning": "2.5 %"}
    assert definition_of(fields, {})["threshold"] == 0.025
    with pytest.raises(InvalidRule, match="threshold: input should be a valid number"):
        rule_of(definition_of(fields | {"threshold_warning": "much"}, {}))
