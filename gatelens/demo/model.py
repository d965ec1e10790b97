"""What the demo's traffic is made of: APIs, their upstreams, consumers, kinds of request, and bad spells."""

from dataclasses import dataclass

VIA_UPSTREAM = "via_upstream"

_REFUSED = "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}"


@dataclass(frozen=True)
class Upstream:
    """A service behind the gateway; `latency_ms` is the median of a log-normal distribution."""

    cluster: str
    latency_ms: float
    spread: float = 0.35
    fault_rate: float = 0.0


@dataclass(frozen=True)
class Incident:
    """A bad spell of an upstream: in every so many hours since midnight UTC, some minutes from one on."""

    cluster: str
    every_hours: int
    from_minute: int
    minutes: int
    slower: float
    fault_rate: float

    def goes_on(self, at: float) -> bool:
        minute = at % (self.every_hours * 3600) / 60
        return self.from_minute <= minute < self.from_minute + self.minutes


@dataclass(frozen=True)
class Kind:
    """A kind of request, and what the gateway does with it.

    `path` may hold `{id}`, filled with a number. `status` is the answer when the upstream has no fault of its
    own; `flags` and `details` are Envoy's response flags and response code details.
    """

    name: str
    api: str
    version: str
    method: str
    path: str
    route: str
    weight: float
    cluster: str = ""
    consumer: str = ""
    status: int = 200
    flags: str = ""
    details: str = VIA_UPSTREAM


@dataclass(frozen=True)
class Node:
    """How an Envoy names itself: its id, and the cluster that it belongs to."""

    id: str
    cluster: str


GATEWAY = Node("demo-gateway-1", "demo-gateway")
SOURCE_SIDECAR = Node("sidecar~10.1.1.1~checkout-6f9c5.shop~shop.svc.cluster.local", "checkout.shop")
DESTINATION_SIDECAR = Node("sidecar~10.1.1.2~inventory-7d4b8.shop~shop.svc.cluster.local", "inventory.shop")

ENVIRONMENT = "demo"
HOST = "api.demo.example"
MESH_HOST = "inventory.shop.svc.cluster.local:8080"
USER_AGENTS = ("okhttp/4.12.0", "Mozilla/5.0 (demo shop)", "python-httpx/0.28", "acme-sync/2.3")

UPSTREAMS = (
    Upstream("orders-v1", 38, fault_rate=0.012),
    Upstream("orders-v2", 21, fault_rate=0.002),
    Upstream("payments", 85, spread=0.6, fault_rate=0.008),
    Upstream("catalog", 9),
    Upstream("customers", 17, fault_rate=0.001),
    Upstream("shipping", 140, spread=0.5, fault_rate=0.02),
)

# The workload behind the mesh's destination sidecar, under the name that the source's sidecar has for it.
INVENTORY = Upstream("outbound|8080||inventory.shop.svc.cluster.local", 12, fault_rate=0.004)
INBOUND_CLUSTER = "inbound|8080||"

# Configured in the gateway and in the mesh, with nobody listening behind them.
DEAD_CLUSTER = "recommendations"
DEAD_MESH_CLUSTER = "outbound|8080||warehouse.shop.svc.cluster.local"

# A release of orders v1 that is slow until it is rolled back, and a bad evening of the payment provider.
INCIDENTS = (
    Incident("orders-v1", every_hours=8, from_minute=130, minutes=40, slower=3.5, fault_rate=0.035),
    Incident("payments", every_hours=24, from_minute=20 * 60 + 30, minutes=12, slower=1.6, fault_rate=0.18),
)

# Client applications and the API keys that the gateway knows them by; the demo listens on loopback only.
CONSUMERS = {
    "mobile-app": "demo-key-mobile-app",
    "web-shop": "demo-key-web-shop",
    "partner-acme": "demo-key-partner-acme",
    "back-office": "demo-key-back-office",
}

# What each listener of the gateway lets through to the rate-limited route.
RATE_LIMITED_PATH = "/catalog/export"
EXPORTS_PER_MINUTE = 3

# Switches chance off, so that a test can count: no faults, no latency, and a rate limit that nothing passes.
EXACT_HEADER = "x-demo-exact"

# fmt: off
KINDS = (
    Kind("orders v1 list", "orders", "v1", "GET", "/orders/v1/orders", "/orders/v1/orders", 8, "orders-v1",
         "web-shop"),
    Kind("orders v1 create", "orders", "v1", "POST", "/orders/v1/orders", "/orders/v1/orders", 4, "orders-v1",
         "web-shop", 201),
    Kind("orders v2 get", "orders", "v2", "GET", "/orders/v2/orders/{id}", "/orders/v2/orders/{id}", 14,
         "orders-v2", "mobile-app"),
    Kind("orders v2 create", "orders", "v2", "POST", "/orders/v2/orders", "/orders/v2/orders", 6, "orders-v2",
         "mobile-app", 201),
    Kind("payment", "payments", "", "POST", "/payments/charges", "/payments/charges", 7, "payments",
         "mobile-app", 201),
    Kind("payment status", "payments", "", "GET", "/payments/charges/{id}", "/payments/charges/{id}", 6,
         "payments", "partner-acme"),
    Kind("catalog search", "catalog", "", "GET", "/catalog/products?q=shoes", "/catalog/products", 22,
         "catalog", "web-shop"),
    Kind("catalog product", "catalog", "", "GET", "/catalog/products/{id}", "/catalog/products/{id}", 18,
         "catalog", "mobile-app"),
    Kind("catalog missing", "catalog", "", "GET", "/catalog/missing/{id}", "/catalog/missing/{id}", 1.5,
         "catalog", "web-shop", 404),
    Kind("customer", "customers", "", "GET", "/customers/{id}", "/customers/{id}", 9, "customers",
         "back-office"),
    Kind("shipping quote", "shipping", "", "GET", "/shipping/quotes/{id}", "/shipping/quotes/{id}", 5,
         "shipping", "partner-acme"),
    Kind("rate limited", "catalog", "", "GET", RATE_LIMITED_PATH, RATE_LIMITED_PATH, 1.5, "catalog",
         "partner-acme", 429, "RL", "local_rate_limited"),
    Kind("dead upstream", "recommendations", "", "GET", "/recommendations/{id}", "/recommendations/{id}", 1.2,
         DEAD_CLUSTER, "web-shop", 503, "UF", _REFUSED),
    Kind("unknown path", "", "", "GET", "/wp-admin/{id}", "", 0.8, "", "web-shop", 404, "NR",
         "route_not_found"),
    Kind("no api key", "orders", "v2", "GET", "/orders/v2/orders/{id}", "/orders/v2/orders/{id}", 0.7,
         "orders-v2", "", 401, "", "missing_api_key"),
)

# What checkout.shop asks of its mesh, and the part of all requests that it is.
MESH_SHARE = 0.15
MESH_KINDS = (
    Kind("stock", "inventory.shop", "", "GET", "/inventory/stock/{id}", "/inventory/stock/{id}", 97,
         INVENTORY.cluster),
    Kind("dead workload", "warehouse.shop", "", "GET", "/inventory/dead", "/inventory/dead", 3,
         DEAD_MESH_CLUSTER, "", 503, "UF", _REFUSED),
)
# fmt: on


def condition(upstream: Upstream, at: float) -> tuple[float, float]:
    """An upstream's median latency in milliseconds and its fault rate, at a time since the epoch."""
    for incident in INCIDENTS:
        if incident.cluster == upstream.cluster and incident.goes_on(at):
            return upstream.latency_ms * incident.slower, incident.fault_rate
    return upstream.latency_ms, upstream.fault_rate
