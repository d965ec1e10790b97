-- Who sent a payload, where nothing better names the instance: an address, or the host before the path of a file. Of a file
-- whose host nobody knows, the path names no instance.
replaceRegexpOne({{1}}, '^\\./.*$|:?/.*$', '')
