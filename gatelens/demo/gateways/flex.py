"""The demo's Flex Gateway speaks: what its Envoy knows of requests, as Fluent Bit sends it over Forward.

https://docs.mulesoft.com/gateway/latest/policies-included-message-logging
"""

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import IO, Any

from fluent.sender import FluentSender

from gatelens.demo.gateways.processes import used
from gatelens.demo.model import ENVIRONMENT, FLEX, VIA_UPSTREAM, api_of

_TAG = "flex-gateway"
_MEASURE_SECONDS = 15.0
_MEMORY_LIMIT_BYTES = 512 << 20

# Of the details of Envoy, those by which a policy ends a request.
_POLICIES = {
    "missing_api_key": "client-id-enforcement",
    "unknown_api_key": "client-id-enforcement",
    "local_rate_limited": "rate-limiting",
    "rbac_access_denied_matched_policy[ip-blocklist]": "ip-blocklist",
}
_STARTED = (
    ("flex-gateway-agent", "info", "Gateway: Platform=docker Mode=local ReplicaName=demo-flex-1"),
    ("flex-gateway-agent", "info", "Running Envoy XDS Service..."),
    ("flex-gateway-envoy", "info", "all dependencies initialized. starting workers"),
)


class FlexSpeech:
    """Sends Gatelens' Forward port what an Envoy writes to `output`, and what its process uses."""

    def __init__(self, output: IO[bytes], pid: int, forward: str) -> None:
        host, _, port = forward.rpartition(":")
        self._output = output
        self._pid = pid
        self._sender = FluentSender(_TAG, host=host, port=int(port), nanosecond_precision=True)
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._pass_on, name="demo-flex"),
            threading.Thread(target=self._measure, name="demo-flex-cpu"),
        ]

    def start(self) -> None:
        for logger, level, message in _STARTED:
            self._send(record(logger, level, "runtimeLog", message))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """After the Envoy has ended: what it has written is sent to the end."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._output.close()
        self._sender.close()

    def _pass_on(self) -> None:
        for line in self._output:
            known = json.loads(line)
            received = datetime.fromisoformat(known["receivedTs"])
            replied = received + timedelta(microseconds=known["took_us"] or 0)
            message = policy_message(known, _as_text(received), _as_text(replied))
            if message is None:
                continue
            self._send(record("flex-gateway-envoy", "info", "accessLog", message))
            if known["statusCode"] == 503:
                warning = f"[req: {known['reqId']}] upstream {known['route']} is not reached: {known['details']}"
                self._send(record("flex-gateway-envoy", "warn", "runtimeLog", warning))

    def _measure(self) -> None:
        while (found := used(self._pid)) is not None:
            self._send(measured(found.cpu_seconds, found.memory_bytes))
            if self._ending.wait(_MEASURE_SECONDS):
                return

    def _send(self, entry: Mapping[str, Any]) -> None:
        self._sender.emit(None, entry)


def policy_message(known: Mapping[str, Any], received: str, replied: str) -> str | None:
    """The policy's line for a request; None where no API instance took it, as then no policy sees it."""
    if not known["route"]:
        return None
    name, version = api_of(known["route"])
    policy = "" if known["details"] == VIA_UPSTREAM else _POLICIES.get(known["details"], "")
    message = {
        "apiId": f"flex-{known['route']}",
        "apiName": name,
        "apiInstanceName": f"{known['route']}.default",
        "apiVersion": version,
        "hostId": FLEX.id,
        "reqId": known["reqId"],
        "receivedTs": received,
        "repliedTs": replied,
        "remoteAddress": (known["remoteAddress"] or "").partition(",")[0],
        "method": known["method"],
        "requestPath": known["requestPath"],
        "statusCode": known["statusCode"],
        "requestDisposition": "VIOLATION" if policy else "PROCESSED",
        "clientId": known["clientId"],
        "userAgent": known["userAgent"],
        "requestBytes": known["requestBytes"],
        "responseBytes": known["responseBytes"],
    }
    if policy:
        message["violation"] = {
            "clientId": known["clientId"],
            "clientName": known["clientId"],
            "policyName": policy,
            "violationType": "VIOLATION",
        }
    encoded = json.dumps(message, separators=(",", ":"))
    before = f"wasm log message-logging.default.{known['route']}.default.svc main: [req: {known['reqId']}] [accessLog]"
    return f"{before} {encoded}"


def record(logger: str, level: str, kind: str, message: str) -> dict[str, str]:
    """A record as Flex Gateway's Fluent Bit has it, with what a filter says of whose it is."""
    return {"logger": logger, "level": level, "kind": kind, "message": message, **_WHOSE}


def measured(cpu_seconds: float, memory_bytes: int) -> dict[str, Any]:
    """A record of Fluent Bit's input `docker`; CPU in nanoseconds."""
    return {
        "id": "demo",
        "name": FLEX.id,
        "cpu_used": int(cpu_seconds * 1e9),
        "mem_used": memory_bytes,
        "mem_limit": _MEMORY_LIMIT_BYTES,
        **_WHOSE,
    }


_WHOSE = {"gateway": FLEX.cluster, "environment": ENVIRONMENT, "hostname": FLEX.id}


def _as_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
