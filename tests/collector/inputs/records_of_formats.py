"""A record or a line of each format that comes in records."""

TEXT = '[2026-11-23T10:15:30.123Z] "GET /pets HTTP/1.1" 200 - 0 375 12 11 "-" "a" "id" "pets" "10.0.0.1:80"'
ACCESS = {"start_time": "2026-11-23T10:15:30Z", "method": "GET", "path": "/pets", "response_code": 200}
COMBINED = '192.0.2.1 - - [23/Nov/2026:10:15:30 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8.5.0"'
MULE = "INFO  2026-11-23 10:15:30,123 [main] [processor: a; event: 1] org.mule.A: started"
EVENT = {"api_version_id": 2, "received_ts": "2026-11-23T10:15:30Z", "status_code": 200}
FLEX = {"logger": "flex-gateway-agent", "level": "info", "kind": "runtimeLog", "message": "started"}
CPU = {"cpu_p": 0.75, "user_p": 0.5, "system_p": 0.25, "cpu0.p_cpu": 1, "cpu0.p_user": 0.0, "cpu0.p_system": 1.0}
MEM = {"Mem.total": 4, "Mem.used": 3, "Mem.free": 1, "Swap.total": 0, "Swap.used": 0, "Swap.free": 0}
ISTIO = "2026-11-23T10:15:30.123456Z\tinfo\txdsproxy\tconnected"
