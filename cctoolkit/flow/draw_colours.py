"""The colours of pictures, light enough to print text on: one for each kind of step, whatever the format."""

INK, LINE, MARKED, UNREACHED = "#1f2937", "#6b7280", "#c2410c", "#fca5a5"
_COLOURS = {
    "entry": "#ffffff",
    "play": "#f3f4f6",
    "menu": "#dbeafe",
    "collect": "#dbeafe",
    "hours": "#fef3c7",
    "switch": "#fef3c7",
    "lookup": "#fce7f3",
    "queue": "#bbf7d0",
    "callback": "#ccfbf1",
    "transfer": "#a7f3d0",
    "voicemail": "#e9d5ff",
    "survey": "#fce7f3",
    "hangup": "#d1d5db",
    "unreachable": UNREACHED,
}


def colour(kind: str) -> str:
    """Return the colour of a kind; white for one that has none of its own."""
    return _COLOURS.get(kind, "#ffffff")
