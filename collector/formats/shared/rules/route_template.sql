-- A path with {id} for each part that names one thing out of many: numbers, ids, addresses.
if(
    NOT match({{1}}, '[0-9@]|/[a-fA-F]{16}'),
    {{1}},
    arrayStringConcat(
        arrayMap(
            part -> if(match(part, '^[0-9]+$|[0-9].*[0-9].*[0-9]|@|^[0-9a-fA-F]{16,}$'), '{id}', part),
            splitByChar('/', {{1}})
        ),
        '/'
    )
)
