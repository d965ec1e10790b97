SELECT name FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name
