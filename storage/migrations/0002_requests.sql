-- One row per request seen by one reporter: a gateway, or one of the two sidecars of a mesh.
CREATE TABLE IF NOT EXISTS requests
(
    -- Start of the request as the gateway tells it; where its clock lies, the arrival time.
    time              DateTime64(6, 'UTC')              CODEC(DoubleDelta, ZSTD(1)),
    -- deployment.environment.name, e.g. 'production'.
    environment       LowCardinality(String)            CODEC(ZSTD(1)),
    -- 'mule', 'flex', 'mesh', 'envoy' or 'proxy'.
    gateway_kind      LowCardinality(String)            CODEC(ZSTD(1)),
    -- The gateway as people name it: a node's cluster or a workload, e.g. 'edge', 'checkout.shop'.
    gateway           LowCardinality(String)            CODEC(ZSTD(1)),
    -- service.instance.id: one replica of the gateway, e.g. a pod or a node id.
    instance          LowCardinality(String)            CODEC(ZSTD(1)),
    -- 'gateway', or in a mesh 'source' and 'destination', which both tell of the same request.
    reporter          LowCardinality(String)            CODEC(ZSTD(1)),
    -- The API, e.g. 'orders'; '' when the gateway knew no route.
    api               LowCardinality(String)            CODEC(ZSTD(1)),
    -- e.g. 'v2'; '' when unversioned.
    api_version       LowCardinality(String)            CODEC(ZSTD(1)),
    -- The gateway's own id of the API instance, e.g. '46672'.
    api_id            LowCardinality(String)            CODEC(ZSTD(1)),
    -- http.route: the template of the path, e.g. '/orders/v1/items/{id}'.
    route             LowCardinality(String)            CODEC(ZSTD(1)),
    -- http.request.method.
    method            LowCardinality(String)            CODEC(ZSTD(1)),
    -- url.path, without the query string, which may hold secrets.
    path              String                            CODEC(ZSTD(1)),
    -- http.response.status_code; 0 when the client left before there was one.
    status            UInt16                            CODEC(ZSTD(1)),
    -- rpc.grpc.status_code; NULL for what is not gRPC.
    grpc_status       Nullable(UInt8)                   CODEC(ZSTD(1)),
    -- Envoy's response flags, comma-joined, e.g. 'UF,URX'.
    response_flags    LowCardinality(String)            CODEC(ZSTD(1)),
    -- Whose fault a failed request is: '', 'backend', 'policy', 'client' or 'config'.
    fault             LowCardinality(String)            CODEC(ZSTD(1)),
    -- The policy that ended the request, e.g. 'rate-limit'.
    policy            LowCardinality(String)            CODEC(ZSTD(1)),
    -- 'violation' or 'error' where a policy ended it.
    policy_outcome    LowCardinality(String)            CODEC(ZSTD(1)),
    -- The client application or principal, never its key, e.g. 'mobile-app'.
    consumer          LowCardinality(String)            CODEC(ZSTD(1)),
    -- client.address, without the port.
    client_address    String                            CODEC(ZSTD(1)),
    -- user_agent.original.
    user_agent        LowCardinality(String)            CODEC(ZSTD(1)),
    -- The service behind the gateway, e.g. an Envoy cluster.
    upstream          LowCardinality(String)            CODEC(ZSTD(1)),
    -- server.address:server.port of the upstream host that was asked.
    upstream_address  LowCardinality(String)            CODEC(ZSTD(1)),
    -- From the first byte received to the last byte sent.
    duration_us       UInt64                            CODEC(T64, ZSTD(1)),
    -- The part of it spent on the upstream; NULL when no upstream answered or it is unknown.
    upstream_us       Nullable(UInt64)                  CODEC(T64, ZSTD(1)),
    -- http.request.body.size.
    request_bytes     UInt64                            CODEC(T64, ZSTD(1)),
    -- http.response.body.size.
    response_bytes    UInt64                            CODEC(T64, ZSTD(1)),
    -- e.g. 'HTTP/1.1', 'HTTP/2'.
    protocol          LowCardinality(String)            CODEC(ZSTD(1)),
    -- x-request-id.
    request_id        String                            CODEC(ZSTD(1)),
    trace_id          String                            CODEC(ZSTD(1)),
    span_id           String                            CODEC(ZSTD(1)),
    -- What the gateway said beyond the columns; 'claimed_time' where its clock was not believed.
    attributes        Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    -- The format that it came in, e.g. 'envoy_als'.
    format            LowCardinality(String)            CODEC(ZSTD(1)),
    -- The spool segment that it came in.
    segment_id        LowCardinality(String)            CODEC(ZSTD(1)),
    -- When the collector took it in.
    ingested_at       DateTime64(6, 'UTC')              CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (environment, api, toStartOfHour(time), route, time)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
