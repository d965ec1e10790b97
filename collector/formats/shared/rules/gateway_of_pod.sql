-- The gateway that a pod, in a namespace, is a replica of: workload.namespace. docs/naming.md has the whole rule.
if({{1}} = '', '', concat(replaceRegexpOne({{1}}, {{generated_name}}, ''), if({{2}} = '', '', '.'), {{2}}))
