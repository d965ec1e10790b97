-- The service of a container: of Compose's `shop-edge-1`, Swarm's `shop_edge.1.0a1b…`, ECS' `edge/edge/0a1b…`.
multiIf(
    position({{1}}, '/') > 0, splitByChar('/', {{1}})[-2],
    match({{1}}, '^[^.]*[.][0-9]'), splitByChar('.', {{1}})[1],
    replaceRegexpOne({{1}}, '[-_][0-9]+$', '')
)
