"""Envoy's access log over OTLP where Envoy itself traces nothing: the trace is that of the headers that it logs."""

from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from storage.store import Store
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_TRACE, _SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
_OTHER = "4bf92f3577b34da6a3ce929d0e0e4736"

_CASES = {
    "traceparent": ({"traceparent": f"00-{_TRACE}-{_SPAN}-01"}, "", (_TRACE, _SPAN)),
    "one header": ({"b3": f"{_TRACE.upper()}-{_SPAN}-1-05e3ac9a4f6e3b90"}, "", (_TRACE, _SPAN)),
    "short ids": ({"b3": f"{_SPAN}-{_SPAN}"}, "", (_SPAN, _SPAN)),
    "not sampled": ({"b3": "0"}, "", ("", "")),
    "several headers": ({"x-b3-traceid": _TRACE, "x-b3-spanid": _SPAN}, "", (_TRACE, _SPAN)),
    "not sent": ({"traceparent": "-", "b3": "-", "x-b3-traceid": "-"}, "", ("", "")),
    "named": ({"trace_id": _OTHER, "traceparent": f"00-{_TRACE}-{_SPAN}-01"}, "", (_OTHER, _SPAN)),
    "traced by Envoy": ({"traceparent": f"00-{_TRACE}-{_SPAN}-01"}, _OTHER, (_OTHER, "")),
}


@pytest.mark.parametrize("case", _CASES)
def test_the_trace_of_headers(store: Store, tmp_path: Path, case: str) -> None:
    attributes, own, expected = _CASES[case]
    environment = f"trace-headers-{case}"
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(trace_id=bytes.fromhex(own))
    for key, value in {"method": "GET", "path": "/", "response_code": "200", **attributes}.items():
        record.attributes.add(key=key).value.string_value = value
    with receivers(tmp_path / "spool", environment=environment) as rig:
        headers = {"Content-Type": "application/x-protobuf"}
        body = request.SerializeToString()
        assert (
            httpx.post(
                f"{rig.http}/v1/logs", content=body, headers=headers, trust_env=False, timeout=PATIENCE
            ).status_code
            == 200
        )
        store_all(store, rig.spool)
    found = store.rows("SELECT trace_id, span_id FROM requests WHERE environment = {e:String}", {"e": environment})
    assert found == [expected]
