"""Log records that a collector has taken apart: the line stands beside its attributes, and is not read once more."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from collector.formats.formats import FORMATS
from collector.receivers.otlp_bodies import LogBodies
from collector.receivers.otlp_screen import are_requests

_LINE = '10.1.2.3 - - [18/Nov/2026:11:06:40 +0000] "GET /orders/v1/items/1 HTTP/1.1" 200 512 "-" "curl/8.5"'
_STATUS = "response_code"


def _request(*statuses: AnyValue | None) -> ExportLogsServiceRequest:
    """A record with the line for each, and with the status as an attribute where there is one."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for status in statuses:
        record = records.add(time_unix_nano=1)
        record.body.string_value = _LINE
        record.attributes.append(KeyValue(key="method", value=AnyValue(string_value="GET")))
        if status is not None:
            record.attributes.append(KeyValue(key=_STATUS, value=status))
    return request


def _taken(request: ExportLogsServiceRequest) -> dict[str, int]:
    """By the format, how many lines or records of it there are."""
    parts = LogBodies(FORMATS).of_protobuf(request.SerializeToString()).get("", ())
    return {part.format: part.body.count(b"curl/8.5") for part in parts}


def test_that_lines_beside_their_attributes_are_not_taken_out() -> None:
    assert _taken(_request(AnyValue(string_value="200"), AnyValue(string_value="503"))) == {}


def test_that_only_the_line_without_attributes_is_taken_out() -> None:
    assert _taken(_request(AnyValue(string_value="200"), None)) == {"combined": 1, "otlp_logs": 1}


def test_that_a_line_without_attributes_is_found_behind_other_scopes_and_resources() -> None:
    taken_apart, line = _request(AnyValue(string_value="200")), _request(None)
    of_another_scope, of_another_resource = ExportLogsServiceRequest(), ExportLogsServiceRequest()
    of_another_scope.CopyFrom(taken_apart)
    of_another_scope.resource_logs[0].scope_logs.extend(line.resource_logs[0].scope_logs)
    of_another_resource.CopyFrom(taken_apart)
    of_another_resource.resource_logs.extend(line.resource_logs)

    assert _taken(of_another_scope) == _taken(of_another_resource) == {"combined": 1, "otlp_logs": 1}


def test_that_a_request_that_is_cut_off_is_not_taken_for_requests() -> None:
    message = _request(AnyValue(string_value="200"), AnyValue(string_value="503")).SerializeToString()

    assert are_requests(message)
    assert not any(are_requests(message[:end]) for end in range(1, len(message)))


@pytest.mark.parametrize("status", [AnyValue(int_value=200), AnyValue(string_value=""), AnyValue()])
def test_that_a_status_that_is_no_text_hides_no_line(status: AnyValue) -> None:
    assert _taken(_request(status)) == {"combined": 1}


def test_that_a_status_within_a_body_hides_no_line() -> None:
    request = _request(None)
    members = request.resource_logs[0].scope_logs[0].log_records.add(time_unix_nano=1).body.kvlist_value.values
    members.append(KeyValue(key=_STATUS, value=AnyValue(string_value="200")))
    members.append(KeyValue(key="log", value=AnyValue(string_value=_LINE)))
    assert _taken(request)["combined"] == 2
