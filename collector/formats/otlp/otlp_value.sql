    -- A list or a map as JSON: what toJSONString writes of every field of a value, reduced to the one that is set. No
    -- pattern matches inside a string, where a quote has a backslash.
    value -> replaceRegexpAll(
        replaceAll(
            replaceAll(
                replaceAll(
                    replaceRegexpAll(
                        replaceRegexpAll(
                            replaceRegexpAll(
                                toValidUTF8(toJSONString(value)),
                                -- Strings and bytes; a value that says nothing is an empty string.
                                '\\{"string_value":"((?:[^"\\\\]|\\\\.)*)","bool_value":null,"int_value":null,"double_value":null,"bytes_value":"((?:[^"\\\\]|\\\\.)*)","array_value":(?:\\{"values":\\[\\]\\}|""),"kvlist_value":(?:\\{"values":\\{\\}\\}|"")\\}',
                                '"\\1\\2"'
                            ),
                            '\\{"string_value":"","bool_value":(?:null|(true|false)),"int_value":(?:null|(-?[0-9]+)),"double_value":(?:null|([-+.0-9e]+)),"bytes_value":"","array_value":(?:\\{"values":\\[\\]\\}|""),"kvlist_value":(?:\\{"values":\\{\\}\\}|"")\\}',
                            '\\1\\2\\3'
                        ),
                        -- The deepest values are bytes.
                        '\\{"string_value":"","bool_value":null,"int_value":null,"double_value":null,"bytes_value":"","array_value":"(?:[^"\\\\]|\\\\.)*","kvlist_value":"(?:[^"\\\\]|\\\\.)*"\\}',
                        '"(nested too deep)"'
                    ),
                    '{"string_value":"","bool_value":null,"int_value":null,"double_value":null,"bytes_value":"","array_value":{"values":[]},"kvlist_value":{"values":{',
                    '{'
                ),
                '{"string_value":"","bool_value":null,"int_value":null,"double_value":null,"bytes_value":"","array_value":{"values":[',
                '['
            ),
            ']},"kvlist_value":{"values":{}}}',
            ']'
        ),
        -- The ends of maps, strings kept.
        '("(?:[^"\\\\]|\\\\.)*")|\\}\\}(\\})',
        '\\1\\2'
    )
