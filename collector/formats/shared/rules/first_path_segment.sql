-- The first part of a path that says more than that there is an API.
arrayFirst(
    part -> part NOT IN ('', 'api', 'apis', 'rest', 'public') AND NOT match(part, '^v[0-9]+$'),
    splitByChar('/', {{1}})
)
