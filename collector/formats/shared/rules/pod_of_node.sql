-- The pod in Istio's id of a node; '' of any other id.
extract({{1}}, '^[^~]*~[^~]*~([^~]*?)(?:\\.[^.~]*)?~')
