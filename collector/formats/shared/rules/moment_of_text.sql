-- A time as people and programs write it: ISO 8601 with any fraction, a point or a comma before it, with a zone or in that of the
-- settings; CLF, in brackets or not; seconds, milliseconds, microseconds or nanoseconds since 1970, by their length.
-- One without a day is invalid: it would be the first of the year.
toTimeZone(
    parseDateTime64BestEffortOrNull(
        multiIf(
            substring({{1}}, 3, 1) = ':', '',
            substring({{1}}, 3, 1) = '/' AND substring({{1}}, 12, 1) = ':', concat(substring({{1}}, 1, 11), ' ', substring({{1}}, 13)),
            startsWith({{1}}, '['), concat(substring({{1}}, 2, 11), ' ', trimRight(substring({{1}}, 14), ']')),
            substring({{1}}, 14, 1) = '.' AND toUInt64OrNull(substring({{1}}, 1, 13)) IS NOT NULL,
                concat(substring({{1}}, 1, 13), rightPad(substring({{1}}, 15, 3), 3, '0')),
            substring({{1}}, 20, 1) = ',', concat(substring({{1}}, 1, 19), '.', substring({{1}}, 21)),
            {{1}}
        ),
        6,
        {{time_zone}}
    ),
    'UTC'
)
