"""What each code of a problem stands for, in a sentence, for lists of rules."""

_YAML = "https://yaml.org/spec/1.2.2/"
_SCHEMA = "https://json-schema.org/draft/2020-12/json-schema-validation"

CODES = {
    "file-empty": "The file has nothing in it.",
    "file-too-large": "The file is larger than any spec is.",
    "file-unreadable": "The file cannot be read, or is no plain file.",
    "folder-name": "A project's folder has the project's id as its name.",
    "no-such-project": "No project, site or file has this name.",
    "not-utf8": "A spec is text in UTF-8.",
    "section-twice": "A section stands in project.yaml or in a file of its own, not in both.",
    "too-many-problems": "More problems than anybody reads; mend those listed first.",
    "unknown-file": "A file beside project.yaml is called after the section it holds.",
    "unknown-library": "A library is a file of projects/library/.",
    "library-twice": "A name of a library stands in the project, or in another library, too.",
    "yaml-character": "YAML has no place for this character.",
    "yaml-duplicate-key": "A key stands once in a mapping.",
    "yaml-key-not-text": "Keys are text; numbers and words such as true go in quotes.",
    "yaml-many-documents": "One file is one document.",
    "yaml-space": "A space that looks like an ordinary one and is none.",
    "yaml-syntax": "The text is not YAML.",
    "yaml-tab": "YAML indents with spaces.",
    "yaml-tag": "A spec has no tags.",
    "yaml-too-deep": "Nested deeper than any spec is.",
    "yaml-too-many-nodes": "More values than any spec has, aliases counted out.",
    "yaml-unknown-alias": "An alias names an anchor before it in the file.",
    "schema-choice": "The value is none of those possible.",
    "schema-format": "The text is not of the form wanted.",
    "schema-range": "The value is too small, too large, too short or too long.",
    "schema-refused-key": "The toolkit sets this option itself.",
    "schema-required": "Something that must be written is missing.",
    "schema-type": "The value is of the wrong kind: text, number, list, mapping.",
    "schema-unknown-key": "Nobody knows this key here.",
    "schema-unknown-section": "Nobody knows this section.",
    "agent-twice": "An agent stands once in a project.",
    "card-choice": "A card field's value is one of its choices.",
    "date-twice": "A date stands once in a calendar.",
    "digits-backwards": "The fewest digits are no more than the most.",
    "digits-unchecked": "A check digit needs other digits.",
    "endless-loop": "A call goes round for ever without a choice of the caller.",
    "exit-keys-differ": "All steps of a queue have the same keys.",
    "feature-code-twice": "A feature code means one thing.",
    "half-an-account": "A user and a secret go together.",
    "hours-backwards": "Hours end after they begin.",
    "hours-overlap": "Hours of a day do not overlap.",
    "impossible-address": "The text is no IP address.",
    "impossible-number": "The text is no phone number of its country.",
    "mail-in-clear": "Messages cross the network encrypted.",
    "message-too-long": "A message that is mailed has a longest length.",
    "name-like-digest": "A part of the project's id reads as a generation's digest.",
    "name-too-long": "A name of the switch made of this one would be too long.",
    "no-crm": "A step that asks a CRM needs one.",
    "no-relay": "Messages are mailed by the site's relay.",
    "nobody-may-sign": "What is signed has somebody who may sign it.",
    "node-twice": "A node stands once in a site.",
    "not-rendered": "This toolkit does not render this yet.",
    "number-claimed": "A number belongs to one project of a site.",
    "number-twice": "A number enters the flow once.",
    "pause-code-differs": "A pause code means one reason on the whole site.",
    "pause-code-twice": "A pause code means one reason.",
    "pause-reserved": "This reason to pause is the toolkit's own.",
    "project-twice": "A project stands once on a site.",
    "roster-twice": "An agent stands once on the roster.",
    "senior-elsewhere": "A team's senior agent is one of its own.",
    "set-nothing": "A step that sets something says what.",
    "shares-over-100": "Shares add up to 100 percent at most.",
    "skill-missing": "An agent who serves the queue has the skill a step asks for.",
    "switch-caller": "A case by caller is the beginning of a number.",
    "switch-case": "A case of a switch says what its kind asks.",
    "switch-field": "A switch by a card field names one, and no other does.",
    "switch-language": "A case by language is a language.",
    "switch-number": "A case by number is a number of the project.",
    "trunk-twice": "A trunk stands once in a site.",
    "unknown-agent": "Nobody on the site's roster has this name.",
    "unknown-calendar": "No calendar has this name.",
    "unknown-country": "No country has this code.",
    "unknown-project": "No project has this name.",
    "unknown-queue": "No queue has this name.",
    "unknown-step": "No step has this name.",
    "unknown-team": "No team has this name.",
    "unknown-time-zone": "No time zone has this name.",
    "unknown-trunk": "No trunk has this name.",
    "unreachable-step": "No call reaches this step.",
    "weekday-twice": "A weekday stands once in a calendar.",
}  # fmt: skip
"""The sentences by code."""


def explained(code: str) -> str:
    """Return the sentence of a code; a rule that has none yet is named by its own words."""
    return CODES.get(code) or code.replace("-", " ").capitalize() + "."


def help_uri(code: str) -> str:
    """Return the standard a rule comes from, else the rule's own name as a URI."""
    standards = {"yaml": _YAML, "schema": _SCHEMA}
    return standards.get(code.partition("-")[0]) or f"urn:cctoolkit:problem:{code}"
