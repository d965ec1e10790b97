"""What the demo's traffic is made of: APIs, their upstreams, consumers, kinds of request, and bad spells."""

from dataclasses import dataclass

VIA_UPSTREAM = "via_upstream"

REFUSED_DETAILS = (
    "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}"
)


@dataclass(frozen=True)
class Upstream:
    """A service behind the gateway; `latency_ms` is the median of a log-normal distribution."""

    cluster: str
    latency_ms: float
    spread: float = 0.35
    fault_rate: float = 0.0


@dataclass(frozen=True)
class Incident:
    """A bad spell of an upstream: in every so many hours since midnight UTC, some minutes from one on.

    While it `is_down` nobody listens there.
    """

    cluster: str
    every_hours: int
    from_minute: int
    minutes: int
    slower: float = 1
    fault_rate: float = 0
    is_down: bool = False

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
class Burst:
    """A consumer that asks for one kind of request all at once: for some seconds in every so many.

    `share` is how much that is, as a part of the demo's whole rate.
    """

    kind: str
    every_seconds: int
    from_second: int
    seconds: int
    share: float

    def goes_on(self, at: float) -> bool:
        return self.from_second <= at % self.every_seconds < self.from_second + self.seconds


@dataclass(frozen=True)
class Node:
    """How a gateway names itself: its id and its cluster; `kind` is what it is, `pod` where it runs in Kubernetes."""

    id: str
    cluster: str
    kind: str
    pod: str = ""


GATEWAY = Node("demo-gateway-1", "demo-gateway", "envoy")
FLEX = Node("demo-flex-1", "demo-flex", "flex")
# Mule's events name no gateway, so it is called by its kind.
MULE = Node("demo-mule-1", "mule", "mule")
NAMESPACE = "shop"
SOURCE_SIDECAR = Node(
    "sidecar~10.1.1.1~checkout-6f9c5d7b8c-x2k4q.shop~shop.svc.cluster.local",
    "checkout.shop",
    "mesh",
    "checkout-6f9c5d7b8c-x2k4q",
)
DESTINATION_SIDECAR = Node(
    "sidecar~10.1.1.2~inventory-7d4b8c6f9d-b7k2m.shop~shop.svc.cluster.local",
    "inventory.shop",
    "mesh",
    "inventory-7d4b8c6f9d-b7k2m",
)

# The part of the requests from outside that goes through each of the three gateways.
GATEWAY_SHARES = {GATEWAY: 0.5, FLEX: 0.3, MULE: 0.2}

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

# A release of orders v1 that is slow until it is rolled back, a bad evening of the payment provider, and a service that
# dies and is started again.
INCIDENTS = (
    Incident("orders-v1", every_hours=8, from_minute=130, minutes=40, slower=3.5, fault_rate=0.035),
    Incident("payments", every_hours=24, from_minute=20 * 60 + 30, minutes=12, slower=1.6, fault_rate=0.18),
    Incident("customers", every_hours=1, from_minute=25, minutes=4, is_down=True),
)

# A partner's job that asks for the state of all its payments at once.
BURST = Burst("payment status", every_seconds=300, from_second=60, seconds=20, share=0.5)

# Client applications and the API keys that the gateway knows them by; the demo listens on loopback only.
CONSUMERS = {
    "mobile-app": "demo-key-mobile-app",
    "web-shop": "demo-key-web-shop",
    "partner-acme": "demo-key-partner-acme",
    "back-office": "demo-key-back-office",
}

# What each listener of the gateway lets through to the rate-limited route.
RATE_LIMITED_PATH = "/catalog/export"
EXPORTS_PER_MINUTE = 1

# Products that are searched for are kept for so long by the gateways' caches.
CACHED_PATH = "/catalog/products?"
CACHED_SECONDS = 20

# Addresses that Flex Gateway and Mule block, of a range that is reserved for documentation.
BLOCKED_ADDRESSES = "198.51.100."

# The share of requests that a gateway also sends as spans.
TRACED_PERCENT = 10

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
         DEAD_CLUSTER, "web-shop", 503, "UF", REFUSED_DETAILS),
    Kind("unknown path", "", "", "GET", "/wp-admin/{id}", "", 0.8, "", "web-shop", 404, "NR",
         "route_not_found"),
    Kind("no api key", "orders", "v2", "GET", "/orders/v2/orders/{id}", "/orders/v2/orders/{id}", 0.7,
         "orders-v2", "", 401, "", "missing_api_key"),
)

# Sent through Flex Gateway and Mule alone: the gateway demo-gateway has no list of addresses.
BLOCKED_KIND = Kind(
    "blocked address", "customers", "", "GET", "/customers/{id}", "/customers/{id}", 1, "customers", "partner-acme",
    403,
    details="rbac_access_denied_matched_policy[ip-blocklist]",
)

BLOCKED_SHARE = 0.01

# What checkout.shop asks of its mesh, and the part of all requests that it is.
MESH_SHARE = 0.15
MESH_KINDS = (
    Kind("stock", "inventory.shop", "", "GET", "/inventory/stock/{id}", "/inventory/stock/{id}", 97,
         INVENTORY.cluster),
    Kind("dead workload", "warehouse.shop", "", "GET", "/inventory/dead", "/inventory/dead", 3,
         DEAD_MESH_CLUSTER, "", 503, "UF", REFUSED_DETAILS),
)
# fmt: on


def condition(upstream: Upstream, at: float) -> tuple[float, float]:
    """An upstream's median latency in milliseconds and its fault rate, at a time since the epoch."""
    for incident in INCIDENTS:
        if incident.cluster == upstream.cluster and incident.goes_on(at) and not incident.is_down:
            return upstream.latency_ms * incident.slower, incident.fault_rate
    return upstream.latency_ms, upstream.fault_rate


def is_down(cluster: str, at: float) -> bool:
    """Whether nobody listens behind a cluster, at a time since the epoch."""
    return any(incident.is_down and incident.cluster == cluster and incident.goes_on(at) for incident in INCIDENTS)


def api_of(cluster: str) -> tuple[str, str]:
    """The API and the version that a cluster or a route is named for."""
    api, _, version = cluster.partition("-")
    return api, version


def prefix_of(cluster: str) -> str:
    """The path under which the gateways have what a cluster serves."""
    api, version = api_of(cluster)
    return f"/{api}/{version}/" if version else f"/{api}/"
