-- The same of Istio's id of a node, type~address~pod.namespace~domain; '' of any other id.
replaceRegexpOne(extract({{1}}, '^[^~]*~[^~]*~([^~]*)~'), {{generated_name_in_namespace}}, '\\1')
