"""What each kind of change does to what is live, by Asterisk version: one table, each rule with the live test that
proves it.

A rule holds for a change of `kind`, `action` and option; `live` names what must be live for it to touch anybody
(`looks` knows how to look): with nothing of it live the rule does not hold. Of those that always hold the first that
fits a change says what becomes of calls, log-ins and pauses in any case.
"""

import re
from typing import Literal

from msgspec import Struct

from cctoolkit.plan.changes import Action, Change
from cctoolkit.plan.classes import Class

Looks = Literal[
    "always", "waiting", "logged in", "still to come", "still to leave", "nobody rings", "members in order",
    "last queue", "nobody left", "nobody stays", "in changed lines", "static of ours", "static of others",
]  # fmt: skip
_Action = Action | Literal["any"]


class Rule(Struct, frozen=True):
    """One line of the table. `option` is a regular expression; `test` is `module::test[case]` of tests/live."""

    name: str
    class_: Class
    kind: str
    action: _Action
    says: str
    test: str
    live: Looks = "always"
    option: str = ".*"

    def fits(self, change: Change) -> bool:
        """Say whether a change is of this kind."""
        transport = change.kind == "sip" and change.name.endswith(" transport")
        return (
            self.kind == ("transport" if transport else change.kind)
            and self.action in ("any", change.action)
            and re.fullmatch(self.option, change.option) is not None
        )


_STAY = "waiting callers, log-ins and pauses stay"
_NO_CALL = "no call is touched"
_BACK = "a reload puts it back; calls that are up stay"
_IN_FORCE = "calls that are up stay; the next call uses it"
_FREE = "test_a_hot_change"


def _rule(name: str, class_: Class, of: str, says: str, test: str, live: Looks = "always") -> Rule:
    """Make a rule; `of` is the kind, what becomes of it, and the option where it is only for some; `test` is one of
    test_impact unless it names its module.
    """
    kind, action, option = [*of.split(" ", 2), ".*"][:3]
    actions: dict[str, _Action] = {"add": "add", "change": "change", "remove": "remove"}
    full = test if "::" in test else f"test_impact::{test}"
    return Rule(name, class_, kind, actions.get(action, "any"), says, full, live, option)


def _hot(name: str, of: str, says: str, case: str = "") -> Rule:
    return _rule(name, Class.hot, of, says, f"{_FREE}[{case or name}]")


def _none(name: str, of: str, says: str = _NO_CALL, case: str = "") -> Rule:
    return _rule(name, Class.no_effect, of, says, f"{_FREE}[{case or name}]")


_QUEUES = (
    _none("queue-added", "queue add"),
    _hot("strategy", "queue change strategy", _STAY),
    _hot("servicelevel", "queue change servicelevel", _STAY),
    _hot("timeout", "queue change timeout", _STAY),
    _hot("retry", "queue change retry", _STAY),
    _hot("maxlen", "queue change maxlen", _STAY),
    _hot("weight", "queue change weight", _STAY),
    _hot("joinempty", "queue change joinempty", _STAY),
    _hot("leavewhenempty", "queue change leavewhenempty", _STAY),
    _hot("musicclass", "queue change musicclass", _STAY),
    _hot("announcements", "queue change (min-|periodic-)?announce.*", _STAY),
    _hot("keys", "queue change context", f"{_STAY}; who waits keeps the keys there were on joining"),
    _hot("queue-by-hand", "queue change", _STAY),
    _hot("queue-removed", "queue remove", "it is gone, with whoever is logged in to it"),
    _hot("general", "queues any", _STAY),
    _rule("queue-remove-waiting", Class.strands, "queue remove",
          "who waits stays inside, invisible, until the time-out; no agent is offered them any more",
          "test_a_removed_queue[waiting]", "waiting"),
    _rule("queue-remove-members", Class.drops, "queue remove", "log-ins in it are gone, with their pauses",
          "test_a_removed_queue[members]", "logged in"),
    _rule("queue-remove-coming", Class.moves, "queue remove",
          "calls in the old generation that may still come to it find nobody there",
          "test_a_removed_queue[coming]", "still to come"),
    _rule("queue-order", Class.restart, "queue change strategy",
          "only a queue that began with linear or rrordered keeps the order of log-in: agents are rung in another one",
          "test_linear_needs_a_restart", "members in order"),
    _rule("queue-leave", Class.moves, "queue change leavewhenempty",
          "no phone of its agents can ring: who waits leaves at once by no_agents",
          "test_callers_leave_an_empty_queue[False]", "nobody rings"),
    _rule("queue-keys-coming", Class.moves, "queue change context",
          "calls in the old generation that join have the new keys, if any, which they do not know, and not their own",
          "test_other_keys[coming]", "still to come"),
    _rule("queue-static-ours", Class.drops, "static any",
          "members that somebody wrote into a file go with the reload, since no spec has them",
          "test_static_members[ours]", "static of ours"),
    _rule("queue-static-others", Class.wipes, "static any",
          "a reload of app_queue makes members of files anew: they stay paused, without the reason",
          "test_static_members[others]", "static of others"),
)  # fmt: skip

_AGENTS = (
    _hot("member-added", "member add", "a logged-in agent serves one queue more, paused there too if paused now"),
    _hot("penalty", "member change", "a logged-in agent is called earlier or later; a call that is up stays"),
    _hot("member-removed", "member remove", "a logged-in agent serves one queue less; a call that is up stays"),
    _rule("member-last", Class.drops, "member remove", "it is the last queue: the agent is logged out",
          "test_an_agents_last_queue", "last queue"),
    _rule("member-nobody", Class.strands, "member remove", "nobody is left whose phone can ring for who waits in it",
          "test_an_agents_last_queue", "nobody left"),
    _rule("member-leave", Class.moves, "member remove",
          "nobody is left whose phone can ring, and by leavewhenempty who waits leaves at once by no_agents",
          "test_callers_leave_an_empty_queue[True]", "nobody stays"),
)  # fmt: skip

_DIALPLAN = (
    _none("project-added", "project add"),
    _hot("flow", "project change", "calls that are up finish in the old generation, new calls enter the new one"),
    _hot("project-removed", "project remove", "calls that are up finish in its generation"),
    _hot("number-added", "number add", "new calls only"),
    _hot("number-changed", "number change", "new calls only"),
    _hot("number-removed", "number remove", "new calls only: carriers hear that there is no such number"),
    _hot("dialplan-by-hand", "dialplan any", _BACK),
    _rule("lines", Class.moves, "lines any", "they are in lines that change under them, and go on in the new ones",
          "test_lines_change_under_a_call", "in changed lines"),
)  # fmt: skip

_SIP = (
    _none("phone-added", "sip add"),
    _hot("password", "sip change password", "calls that are up stay; the phone is refused until it has the new one"),
    _hot("phone-changed", "sip change", _IN_FORCE),
    _hot("phone-removed", "sip remove", "calls that are up stay; the phone or trunk is refused from then on"),
    _rule("transport", Class.ignored, "transport any", "Asterisk keeps a transport as it is until it is started anew",
          "test_trunks::test_a_changed_transport_is_not_reloaded"),
    _none("trunk-added", "trunk add"),
    _hot("trunk-changed", "trunk change", "calls that are up stay as they are; the next call uses it"),
    _hot("trunk-removed", "trunk remove", "calls that are up stay; calls over it fail from then on"),
    _rule("trunk-remove-coming", Class.moves, "trunk remove",
          "calls in the old generation that may still be transferred over it fail there",
          "test_a_removed_trunk", "still to come"),
    _hot("endpoint-by-hand", "endpoint any", _BACK),
    _rule("registration-by-hand", Class.hot, "registration any", _BACK,
          "test_trunks::test_a_reload_leaves_calls_and_registrations_alone"),
)  # fmt: skip

_FILES = (
    _none("messages-added", "messages add", case="messages"),
    _hot(
        "messages-kept",
        "messages change keep_days",
        "it holds for messages that are there too: older ones go with the next sweep",
        "messages",
    ),
    _none("messages-changed", "messages change", "messages taken up before go where they were to go", "messages"),
    _none(
        "messages-removed", "messages remove", "messages that wait are still mailed to whom they were to go", "messages"
    ),
    _rule(
        "messages-remove-coming",
        Class.moves,
        "messages remove",
        "a message that a call in the old generation leaves there is kept and mailed to nobody",
        "test_a_message_of_a_step_that_went",
        "still to leave",
    ),
    _none("file-added", "file add", case="flow"),
    _hot("file-changed", "file change", "calls that are up stay; what they do next follows the new file"),
    _none("file-removed", "file remove", case="flow"),
)

RULES: dict[str, tuple[Rule, ...]] = {"22": (*_QUEUES, *_AGENTS, *_DIALPLAN, *_SIP, *_FILES)}
"""The table by major version of Asterisk: a site's node says which it has."""
