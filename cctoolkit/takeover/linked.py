"""Files of FreePBX and Issabel that are links into the modules' folders.

In a copy of the configuration folder they lead nowhere; what they say is the same on every switch, and stands here as
far as it concerns calls.

Source: module `core` of FreePBX 14 to 17 (etc/), of Issabel 4 and 5.
"""

from collections.abc import Collection, Mapping, Sequence

_INCLUDED = {
    "extensions.conf": (
        "extensions_override_freepbx.conf",
        "extensions_override_issabelpbx.conf",
        "extensions_additional.conf",
        "extensions_custom.conf",
    ),
    "queues.conf": (
        "queues_general_additional.conf",
        "queues_custom_general.conf",
        "queues_custom.conf",
        "queues_additional.conf",
        "queues_post_custom.conf",
    ),
    "sip.conf": (
        "sip_general_additional.conf",
        "sip_general_custom.conf",
        "sip_nat.conf",
        "sip_registrations_custom.conf",
        "sip_registrations.conf",
        "sip_custom.conf",
        "sip_additional.conf",
        "sip_custom_post.conf",
    ),
    "pjsip.conf": (
        "pjsip_transport_additional.conf",
        "pjsip_transport_custom.conf",
        "pjsip_custom.conf",
        "pjsip_additional.conf",
        "pjsip_custom_post.conf",
    ),
}
"""What each of them includes, by its name."""

_ADDITIONAL = {name: name.replace(".conf", "_additional.conf") for name in _INCLUDED}
"""The file a program writes: where it is there, the link is one of a FreePBX."""

_CONTEXTS: Mapping[str, Sequence[str]] = {
    "from-digital": ("from-pstn",),
    "from-analog": ("from-pstn",),
    "from-trunk": ("from-pstn",),
    "from-pstn": ("from-pstn-custom", "ext-did", "ext-did-post-custom", "from-did-direct", "ext-did-catchall"),
    "from-did-direct": ("ext-findmefollow", "ext-local"),
    "from-internal": ("from-internal-custom", "from-internal-noxfer-additional", "from-internal-additional"),
}


LED_NOWHERE = (
    "it is a link of FreePBX's: what it says on every switch was taken",
    "import the folder itself, or a copy made with cp -rL",
)
"""Why such a file is left over, and what to do by hand."""


def stand_in(name: str, names: Collection[str]) -> str:
    """Return what a link that leads nowhere says; "" where it is none of theirs."""
    if _ADDITIONAL.get(name) not in names:
        return ""
    # Sections that stand before what is included: FreePBX's own files go on in [general].
    lines = ["[general]"] if name in ("queues.conf", "sip.conf") else []
    lines += [f"#include {one}" for one in _INCLUDED[name] if one in names]
    for context, included in _CONTEXTS.items() if name == "extensions.conf" else ():
        lines += [f"[{context}]", *(f"include => {one}" for one in included)]
    return "\n".join(lines)
