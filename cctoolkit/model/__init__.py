"""What a spec means: frozen structs (the source of the JSON Schemas), built and checked across sections."""
