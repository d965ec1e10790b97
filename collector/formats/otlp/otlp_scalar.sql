    -- The bytes of an AnyValue as text, where it is a string, a bool, or a number of no more than 56 bits; throws for all
    -- else.
    -- https://protobuf.dev/programming-guides/encoding/
    value -> if(
        -- A string of up to 127 bytes: its tag, and a length that leaves nothing over; as a number of 16 bits that is one
        -- comparison, and a longer one is negative.
        reinterpretAsInt16(value) = 256 * length(value) - 502,
        substring(value, 3),
        -- In a list, because its conditions would else be worked out for every value, not for the few that need them.
        arrayMap(
            other -> multiIf(
                other = '', '',
                length(other) < 16387
                    AND startsWith(other, char(10, 128 + (length(other) - 3) % 128, intDiv(length(other) - 3, 128))),
                    substring(other, 4),
                length(other) < 2097156 AND startsWith(
                        other,
                        char(
                            10,
                            128 + (length(other) - 4) % 128,
                            128 + intDiv(length(other) - 4, 128) % 128,
                            intDiv(length(other) - 4, 16384)
                        )
                    ),
                    substring(other, 5),
                other = '\x10\x01', 'true',
                other = '\x10\x00', 'false',
                -- An integer of one to eight bytes, of which each but the last says that another follows.
                ascii(other) = 24
                    AND length(other) BETWEEN 2 AND 9
                    AND bitAnd(reinterpretAsUInt64(substring(other, 2)), 0x8080808080808080) = [
                        0, 0x80, 0x8080, 0x808080, 0x80808080, 0x8080808080, 0x808080808080, 0x80808080808080
                    ][length(other) - 1]
                    AND (length(other) = 2 OR substring(other, -1) != '\0'),
                    toString(arraySum(
                        byte -> bitAnd(
                            bitShiftRight(reinterpretAsUInt64(substring(other, 2)), byte),
                            bitShiftLeft(toUInt64(127), 7 * byte)
                        ),
                        range(8)
                    )),
                ascii(other) = 33 AND length(other) = 9, toString(reinterpretAsFloat64(substring(other, 2))),
                toString(throwIf(other != '', 'neither a string nor a bool nor a number'))
            ),
            [value]
        )[1]
    )
