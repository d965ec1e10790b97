-- A pod's name without what Kubernetes adds to that of its workload; workload.py has the pattern.
replaceRegexpOne({{1}}, {{generated_name}}, '')
