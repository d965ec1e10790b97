-- The version in a path such as /orders/v1/items.
extract({{1}}, '/(v[0-9]+)(?:/|$)')
