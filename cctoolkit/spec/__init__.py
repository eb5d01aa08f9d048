"""Reading what people write: YAML with line marks (`source`), JSON Schema (`schema`), and what is wrong
(`problem`).
"""
