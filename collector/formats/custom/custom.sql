-- The lines of a log that somebody has declared, in the terms of access logs: what stands before and behind the layer below is
-- written by collector/formats/custom/layer.py, as the definition says.
{{declared_columns}}{{inner}}{{declared_end}}
