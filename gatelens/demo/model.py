"""What the demo's traffic is made of: APIs, their upstreams, consumers, and kinds of request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Upstream:
    """A service behind the gateway; `latency_ms` is the median of a log-normal distribution."""

    cluster: str
    latency_ms: float
    spread: float = 0.35
    fault_rate: float = 0.0


@dataclass(frozen=True)
class Kind:
    """A kind of request, and what the gateway does with it.

    `path` may hold `{id}`, filled with a number. `status` is the answer when the upstream has no fault of its own;
    `flags` are Envoy's response flags.
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


UPSTREAMS = (
    Upstream("orders-v1", 38, fault_rate=0.012),
    Upstream("orders-v2", 21, fault_rate=0.002),
    Upstream("payments", 85, spread=0.6, fault_rate=0.008),
    Upstream("catalog", 9),
    Upstream("customers", 17, fault_rate=0.001),
    Upstream("shipping", 140, spread=0.5, fault_rate=0.02),
)

# Configured in the gateway, with nobody listening behind it.
DEAD_CLUSTER = "recommendations"

# Client applications and the API keys that the gateway knows them by; keys of a demo that listens on loopback only.
CONSUMERS = {
    "mobile-app": "demo-key-mobile-app",
    "web-shop": "demo-key-web-shop",
    "partner-acme": "demo-key-partner-acme",
    "back-office": "demo-key-back-office",
}

KINDS = (
    Kind("orders v1 list", "orders", "v1", "GET", "/orders/v1/orders", "/orders/v1/orders", 8, "orders-v1", "web-shop"),
    Kind("orders v1 create", "orders", "v1", "POST", "/orders/v1/orders", "/orders/v1/orders", 4, "orders-v1",
         "web-shop", 201),
    Kind("orders v2 get", "orders", "v2", "GET", "/orders/v2/orders/{id}", "/orders/v2/orders/{id}", 14, "orders-v2",
         "mobile-app"),
    Kind("orders v2 create", "orders", "v2", "POST", "/orders/v2/orders", "/orders/v2/orders", 6, "orders-v2",
         "mobile-app", 201),
    Kind("payment", "payments", "", "POST", "/payments/charges", "/payments/charges", 7, "payments", "mobile-app", 201),
    Kind("payment status", "payments", "", "GET", "/payments/charges/{id}", "/payments/charges/{id}", 6, "payments",
         "partner-acme"),
    Kind("catalog search", "catalog", "", "GET", "/catalog/products?q=shoes", "/catalog/products", 22, "catalog",
         "web-shop"),
    Kind("catalog product", "catalog", "", "GET", "/catalog/products/{id}", "/catalog/products/{id}", 18, "catalog",
         "mobile-app"),
    Kind("catalog missing", "catalog", "", "GET", "/catalog/missing/{id}", "/catalog/missing/{id}", 1.5, "catalog",
         "web-shop", 404),
    Kind("customer", "customers", "", "GET", "/customers/{id}", "/customers/{id}", 9, "customers", "back-office"),
    Kind("shipping quote", "shipping", "", "GET", "/shipping/quotes/{id}", "/shipping/quotes/{id}", 5, "shipping",
         "partner-acme"),
    Kind("rate limited", "catalog", "", "GET", "/catalog/export", "/catalog/export", 1.5, "catalog", "partner-acme", 429,
         "RL"),
    Kind("dead upstream", "recommendations", "", "GET", "/recommendations/{id}", "/recommendations/{id}", 1.2,
         DEAD_CLUSTER, "web-shop", 503, "UF"),
    Kind("unknown path", "", "", "GET", "/wp-admin/{id}", "", 0.8, "", "web-shop", 404, "NR"),
    Kind("no api key", "orders", "v2", "GET", "/orders/v2/orders/{id}", "/orders/v2/orders/{id}", 0.7, "orders-v2", "",
         401, "UAEX"),
)
