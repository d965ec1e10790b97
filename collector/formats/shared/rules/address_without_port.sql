-- The port of IPv6 stands behind brackets, or behind the IPv4 that ends it.
replaceRegexpOne({{1}}, '^(?:\\[([^\\]]*)\\]|([^:]*|.*\\.[0-9]+))(?::[0-9]+)?$', '\\1\\2')
