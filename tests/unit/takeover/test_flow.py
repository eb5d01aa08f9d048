"""Dialplan as people write it becomes the steps it is, and what cannot is noted and stands as a step by hand."""

import pytest

from tests.unit.takeover.switches import flow, left, taken

NUMBER = "+74957772030"
IN = f"[in]\nexten => {NUMBER},1,Answer()\n"
QUEUES = "[general]\nautofill = yes\n[sales]\nringinuse = no\nstrategy = rrmemory\n"
BOXES = "[default]\n100 => 4711,Sales,sales@centre.example\n101 => 4712,Nobody\n"
MENU = """\
[in]
exten => +74957772030,1,Goto(menu,s,1)
[menu]
exten => s,1,Answer()
 same => n,{begin}
 same => n(ask),Background(welcome&press-1)
 same => n,WaitExten(4)
exten => 1,1,Hangup(17)
exten => t,1,{silence}
 same => n,{after}
 same => n,Hangup(34)
exten => i,1,{wrong}
 same => n,{after}
 same => n,Hangup(34)
"""


def menu(**lines: str) -> dict:
    """Return the menu step of a dialplan with such lines."""
    lines = {"begin": "NoOp()", "silence": "NoOp()", "wrong": "NoOp()", "after": "NoOp()", **lines}
    steps = flow(MENU.format(**lines))
    return {**steps["menu"], "keys": {key: steps[name].get("cause", 16) for key, name in steps["menu"]["keys"].items()}}


def test_a_menu():
    """Background, WaitExten and the context's digits are a menu; t and i are where mistakes lead."""
    found = menu()
    assert found["prompts"] == ["welcome", "press-1"]
    assert found["keys"] == {"1": 17}
    assert (found["wait"], found["attempts"], found["next"]) == (
        "4s",
        1,
        {"timeout": "congestion", "invalid": "congestion"},
    )


def test_a_menu_that_counts_in_a_variable():
    """However the dialplan counts, the number of attempts is how often it asks."""
    count = "Set(TRY=$[${TRY} + 1])"
    found = menu(begin="Set(TRY=0)", silence=count, wrong=count, after="GotoIf($[${TRY} < 3]?s,ask)")
    assert (found["attempts"], found["next"]) == (3, {"timeout": "congestion", "invalid": "congestion"})


def test_a_menu_that_asks_for_ever():
    """A menu without a count asks as often as a caller errs: one attempt whose way out leads back to it."""
    found = menu(silence="Goto(s,ask)", wrong="Goto(s,1)")
    assert (found["attempts"], found["next"]) == (1, {"timeout": "menu", "invalid": "menu"})


def test_a_menu_that_counts_apart_is_noted():
    """A spec counts silence and wrong keys together; where the dialplan does not, that is left over."""
    lines = {
        "begin": "Set(A=0)",
        "silence": "Set(A=$[${A} + 1])",
        "wrong": "Set(B=$[0${B} + 1])",
        "after": "GotoIf($[${A} < 2 & 0${B} < 2]?s,ask)",
    }
    assert any("counts silence and wrong keys apart" in text for text in left(taken(MENU.format(**lines))))


def test_silence_goes_on_behind_waitexten():
    """Where a line stands behind WaitExten, silence goes there and not to t."""
    steps = flow(
        MENU.format(begin="NoOp()", silence="NoOp()", wrong="NoOp()", after="NoOp()").replace(
            "WaitExten(4)", "WaitExten(4)\n same => n,Busy()"
        )
    )
    assert steps["menu"]["next"] == {"timeout": "busy", "invalid": "congestion"}


def test_without_t_and_i_mistakes_end_the_call():
    """As on the switch, a call with nowhere to go ends."""
    steps = flow("[in]\nexten => +74957772030,1,Background(a)\n same => n,WaitExten()\nexten => 1,1,Busy()\n")
    assert steps["in-74957772030"]["next"] == {"timeout": "end", "invalid": "end"}
    assert steps["in-74957772030"]["wait"] == "10s"


def test_a_background_without_keys_is_played():
    """Where no key means anything there is nothing to ask."""
    steps = flow(IN + " same => n,Background(hello)\n same => n,Hangup()\n")
    assert steps["play-hello"] == {"type": "play", "prompts": ["hello"], "next": {"done": "end"}}


def test_keys_are_patterns_and_included():
    """A key's extension may be a pattern, or stand in an included context; names win over patterns."""
    steps = flow("[in]\nexten => +74957772030,1,Background(a)\n same => n,WaitExten(1)\nexten => _[1-3],1,Busy()\nexten => 2,1,Congestion()\ninclude => more\n"
                 "[more]\nexten => 9,1,Hangup(21)\nexten => 1,1,Hangup(21)\n")  # fmt: skip
    assert steps["in-74957772030"]["keys"] == {"1": "busy", "2": "congestion", "3": "busy", "9": "refuse-21"}


READ = " same => n,Read(CHOICE,press,1,,{tries},3)\n same => n,GotoIf($[\"${{CHOICE}}\" = \"1\"]?one)\n same => n,GotoIf($[\"${{CHOICE}}\" = \"2\"]?two)\n same => n,Hangup()\n same => n(one),Busy()\n same => n(two),Congestion()\n"  # fmt: skip


def test_read_of_one_digit_is_a_menu():
    """What is made of the digit are the menu's keys; all other digits lead one way."""
    steps = flow(IN + READ.format(tries=""))
    assert steps["in-74957772030"] == {
        "type": "menu", "prompts": ["press"], "wait": "3s", "attempts": 1, "keys": {"1": "busy", "2": "congestion"},
        "next": {"timeout": "end", "invalid": "end"},
    }  # fmt: skip


def test_read_of_more_digits_is_a_collect_step():
    """Any digits lead on; where they decide something that is not known, the way on is by hand."""
    steps = flow(IN + " same => n,Read(ACCOUNT,enter,8)\n same => n,Hangup()\n")
    assert steps["collect-in-74957772030"]["longest"] == 8
    assert steps["collect-in-74957772030"]["next"] == {"done": "end", "timeout": "end"}
    steps = flow(
        IN
        + ' same => n,Read(ACCOUNT,enter,8)\n same => n,GotoIf($["${ACCOUNT}" = "12345678"]?vip)\n same => n,Busy()\n same => n(vip),Hangup()\n'
    )
    assert steps["collect-in-74957772030"]["next"]["done"].startswith("by-hand")


def test_a_queue_with_ways_out():
    """QUEUESTATUS decides as it would on the switch; keys are those of the queue's context."""
    steps = flow(IN + " same => n,Queue(sales,c,,,90)\n same => n,Goto(q-${QUEUESTATUS},1)\nexten => q-TIMEOUT,1,VoiceMail(100,s)\nexten => q-FULL,1,Busy()\n"
                 "exten => _q-[A-Z].,1,Congestion()\nexten => q-CONTINUE,1,Playback(bye)\n[keys]\nexten => 0,1,VoiceMail(101)\n",
                 queues=QUEUES + "context = keys\n", voicemail=BOXES)  # fmt: skip
    assert steps["wait-sales"] == {
        "type": "queue", "queue": "sales", "wait": "90s", "keys": {"0": "voicemail-101"},
        "next": {"timeout": "voicemail-100", "full": "busy", "no_agents": "congestion", "continued": "play-bye"},
    }  # fmt: skip
    assert steps["voicemail-100"]["mail"] == ["sales@centre.example"]
    assert "prompts" not in steps["voicemail-100"]
    assert steps["voicemail-101"]["prompts"] == ["vm-intro"]


def test_a_queue_that_is_not_there_is_left_out():
    """Asterisk goes on behind Queue() of a queue it does not know; so does the spec, and says so."""
    found = taken(IN + " same => n,Queue(nowhere)\n same => n,Busy()\n")
    assert list(found.projects["line"]["flow"]) == ["busy"]
    assert "extensions.conf:3: Queue" in left(found)


def test_dial_over_a_trunk_and_to_a_phone():
    """A number over a trunk is a transfer with the ways of DIALSTATUS; a phone is no part of a flow."""
    steps = flow(IN + " same => n,Dial(PJSIP/200,20)\n same => n,Dial(PJSIP/1000@carrier,25)\n same => n,GotoIf($[\"${DIALSTATUS}\" = \"BUSY\"]?busy)\n same => n,Hangup()\n"
                 " same => n(busy),Busy()\n")  # fmt: skip
    assert steps == {
        "transfer-1000": {"type": "transfer", "trunk": "carrier-out", "number": "1000", "ring": "25s", "next": {"busy": "busy", "no_answer": "end", "failed": "end"}},
        "busy": {"type": "hangup", "cause": 17}, "end": {"type": "hangup"},
    }  # fmt: skip


@pytest.mark.parametrize("dialled", ["PJSIP/carrier/sip:1000@192.0.2.10", "PJSIP/1000@carrier", "SIP/carrier/1000"])
def test_forms_of_dial(dialled):
    """A number over a trunk is written in several ways."""
    assert flow(IN + f" same => n,Dial({dialled},25)\n")["transfer-1000"]["number"] == "1000"


@pytest.mark.parametrize(
    "dialled",
    [
        "PJSIP/${EXTEN}@carrier",
        "PJSIP/${ASKED}@carrier",
        "Local/1@x",
        "PJSIP/1000@carrier&PJSIP/1001@carrier",
        "PJSIP/84957772030@carrier",
        "PJSIP/88091234567@carrier",
        "PJSIP/78095551234@nowhere",
    ],
)
def test_dial_that_is_no_transfer(dialled):
    """What is dialled by a caller's choice, to the line itself, or at once to several is left out and noted."""
    found = taken(IN + f" same => n,Dial({dialled},25)\n same => n,Busy()\n")
    assert list(found.projects["line"]["flow"]) == ["busy"]
    assert any(text.startswith("extensions.conf:3: Dial") for text in left(found))


def test_hours_in_a_row_are_one_calendar():
    """Times that lead to the same are one calendar; other ones a step of their own."""
    found = taken(IN + " same => n,GotoIfTime(09:00-17:59,mon-fri,*,*?open)\n same => n,GotoIfTime(10:00-14:59,sat,*,*?open)\n same => n,GotoIfTime(*,sun,*,*?sunday:shut)\n"
                  " same => n(open),Busy()\n same => n(sunday),Congestion()\n same => n(shut),Hangup()\n")  # fmt: skip
    steps, calendars = found.projects["line"]["flow"], found.projects["line"]["calendars"]
    first = steps["hours-in-74957772030"]
    assert calendars[first["calendar"]] == {"hours": {"mon-fri": ["09:00-18:00"], "sat": ["10:00-15:00"]}}
    second = steps[first["next"]["closed"]]
    assert second["next"] == {"open": "congestion", "closed": "end"}


def test_an_include_with_times():
    """A context that is included at certain times is asked about before those without."""
    steps = flow(
        f"[in]\ninclude => day,09:00-17:59,mon-fri,*,*\ninclude => night\n[day]\nexten => {NUMBER},1,Busy()\n[night]\nexten => {NUMBER},1,Congestion()\n"
    )
    (hours,) = (step for step in steps.values() if step["type"] == "hours")
    assert hours["next"] == {"open": "busy", "closed": "congestion"}


def test_a_condition_on_the_caller_is_a_switch():
    """One caller, or a withheld number, is a case; any other condition is not known."""
    steps = flow(
        IN
        + ' same => n,GotoIf($["${CALLERID(num)}" = "84951234567"]?vip)\n same => n,Hangup()\n same => n(vip),Busy()\n'
    )
    assert steps["is-caller-74951234567"]["cases"] == {
        "caller-74951234567": {"values": ["+74951234567"], "next": "busy"}
    }
    steps = flow(
        IN
        + ' same => n,GotoIf($["${DB(vip/${CALLERID(num)})}" = "1"]?vip)\n same => n,Hangup()\n same => n(vip),Busy()\n'
    )
    assert [step for step in steps if step.startswith("by-hand")]


def test_a_condition_that_decides_nothing_is_passed():
    """Both ways of a condition that come to the same are one."""
    steps = flow(
        IN
        + ' same => n,GotoIf($["${CHANNEL(state)}" = "Up"]?on)\n same => n,Answer()\n same => n(on),ExecIf($["${CALLERID(name)}" = ""]?NoOp(x))\n same => n,Busy()\n'
    )
    assert list(steps) == ["busy"]


def test_subroutines_are_entered_and_left():
    """Gosub with arguments and Return, variables and globals are followed as on the switch."""
    steps = flow("[globals]\nMOOD = glad\n" + IN + " same => n,Gosub(say,s,1(hello,${MOOD}))\n same => n,Hangup()\n"
                 "[say]\nexten => s,1,Set(LOCAL(what)=${ARG1}-${ARG2})\n same => n,Playback(${what})\n same => n,Return()\n")  # fmt: skip
    assert steps["play-hello-glad"] == {"type": "play", "prompts": ["hello-glad"], "next": {"done": "end"}}


def test_priorities_by_label():
    """A priority may be that of a label, and so many more; `next` and `same` are n and s. The last one counts on."""
    steps = flow(IN + " same => next(far),NoOp()\n same => n,Goto(far+2)\n same => far+2,Playback(hello)\n same => n,Busy()\n".replace("Goto(far+2)", "Goto(4)"))  # fmt: skip
    assert steps["play-hello"]["next"] == {"done": "busy"}
    assert left(taken(IN + " same => unheard-of+1,Busy()\n")) == ["extensions.conf:3: a line Asterisk would skip"]


def test_a_goto_without_a_destination_ends_the_call():
    """FreePBX writes it where nobody chose one."""
    assert list(flow(IN + " same => n,Goto()\n same => n,Busy()\n")) == ["end"]


def test_scripts_that_only_look_are_passed():
    """FreePBX's modules run them on every call; they are noted, and the way goes on."""
    found = taken(IN + " same => n,AGI(agi://127.0.0.1/sangomacrm.agi,sesame)\n same => n,Busy()\n")
    assert list(found.projects["line"]["flow"]) == ["busy"]
    assert left(found) == ["extensions.conf:3: the caller's card in a CRM"]


def test_a_ring_group_is_phones():
    """FreePBX rings them by a subroutine of its own; calls go on to where they go when nobody takes them, and it is noted."""
    group = ("[ext-group]\nexten => 600,1,GosubIf($[${DB_EXISTS(RINGGROUP/600/changecid)} = 1]?sub-rgsetcid,s,1())\n"
             " same => n,DIAL\n same => n,Busy()\n")  # fmt: skip
    for dial in ("Macro(dial,20,tr,200-201)", "Gosub(macro-dial,s,1(20,tr,200-201))"):
        found = taken(IN + " same => n,Goto(ext-group,600,1)\n" + group.replace("DIAL", dial))
        assert list(found.projects["line"]["flow"]) == ["busy"]
        assert "extensions.conf:6: Dial" in left(found)


def test_a_message_for_several_boxes_goes_to_all():
    """Each box gets it, so each address does; a box that is not there is noted."""
    boxes = BOXES + "102 => 4713,Shift,shift@centre.example\n"
    found = taken(IN + " same => n,VoiceMail(100&101&102@default&199,s)\n", voicemail=boxes)
    assert found.projects["line"]["flow"]["voicemail-100"]["mail"] == ["sales@centre.example", "shift@centre.example"]
    assert "extensions.conf:3: a mailbox of VoiceMail" in left(found)
    many = "".join(f"{n} => 1,,a{n}@centre.example\n" for n in range(300, 321))
    argument = "&".join(str(n) for n in range(300, 321))
    found = taken(IN + f" same => n,VoiceMail({argument},s)\n", voicemail="[default]\n" + many)
    assert len(found.projects["line"]["flow"]["voicemail-300"]["mail"]) == 20
    assert "extensions.conf:3: mailboxes of VoiceMail" in left(found)


def test_a_key_that_leads_elsewhere_after_a_mistake_is_noted():
    """Keys are followed as in the first round; a dialplan that counts for its keys too is left over."""
    count = "Set(TRY=$[${TRY} + 1])"
    lines = {"begin": "Set(TRY=0)", "silence": count, "wrong": count, "after": "GotoIf($[${TRY} < 3]?s,ask)"}
    text = MENU.format(**lines)
    assert left(taken(text)) == []
    counted = text.replace("exten => 1,1,Hangup(17)", "exten => 1,1,GotoIf($[${TRY} > 0]?3)\n same => n,Hangup(17)\n same => n,Hangup(21)")  # fmt: skip
    found = taken(counted)
    assert found.projects["line"]["flow"]["menu"]["keys"] == {"1": "busy"}
    assert left(found) == ["extensions.conf:6: key 1 after a mistake"]


@pytest.mark.parametrize("extension", ["_.", "_X.", "_7495.", "s"])
def test_a_number_without_an_extension_of_its_own(extension):
    """A number that was named comes in where a range takes it, or what takes all calls; so does an example of one where
    there is none at all.
    """
    text = f"[in]\nexten => {extension},1,Busy()\n"
    found = taken(text, numbers=("+7 495 777-20-30",))
    (number,) = found.projects["line"]["numbers"]
    assert (number["number"], number["entry"], found.counts["numbers"]) == (NUMBER, "busy", 1)
    assert f"extensions.conf:2: number {NUMBER} has no extension" in left(found)
    found = taken(text)
    if extension != "_7495.":
        assert found.projects["line"]["numbers"][0]["entry"] == "busy"
    assert found.counts["numbers"] == 0
    assert "extensions.conf: no number was found" in left(found)


def test_language_and_priority_are_set():
    """What a call carries on becomes a step where it changes, and none where it does not."""
    steps = flow(
        IN
        + " same => n,Set(CHANNEL(language)=en)\n same => n,Set(CHANNEL(language)=ru)\n same => n,Set(QUEUE_PRIO=0)\n same => n,Set(QUEUE_PRIO=7)\n same => n,Hangup()\n"
    )
    assert [(step["type"], step.get("language"), step.get("priority")) for step in steps.values()] == [
        ("set", "ru", None), ("set", None, 7), ("hangup", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["AGI(route.php,sesame)", "Stasis(app)", "Goto(${DB(route/x)},s,1)", "Goto(nowhere,s,1)", "Directory(default)", "Macro(unheard-of,sesame)", "Gosub(nowhere,s,1)"])  # fmt: skip
def test_where_a_call_may_go_anywhere_it_is_by_hand(line):
    """A step that hangs up stands there, with its place in the list; no argument is shown."""
    found = taken(IN + f" same => n,{line}\n same => n,Busy()\n")
    (step,) = found.projects["line"]["flow"]
    assert step.startswith("by-hand")
    assert any(text.startswith("extensions.conf:3: ") for text in left(found))
    assert "sesame" not in repr(found)


def test_what_goes_round_for_ever_ends_by_hand():
    """A ring of prompts, and one of nothing at all, are noted and broken."""
    found = taken(IN + " same => n(again),Playback(please-hold)\n same => n,Goto(again)\n")
    assert found.projects["line"]["flow"]["play-please-hold"]["next"]["done"].startswith("by-hand")
    found = taken(IN + " same => n(again),NoOp()\n same => n,Goto(again)\n")
    assert next(iter(found.projects["line"]["flow"])).startswith("by-hand")


def test_many_numbers_with_one_flow_share_their_steps():
    """Steps that do the same and lead to the same are one, whatever each number set before."""
    numbers = "".join(
        f'exten => +7495777{n:04},1,Set(__DID=${{EXTEN}})\n same => n,GotoIf($["${{DID}}" = ""]?x)\n same => n(x),Goto(menu,s,1)\n'
        for n in range(300)
    )
    found = taken(
        "[in]\n"
        + numbers
        + MENU.partition("[menu]")[1]
        + MENU.partition("[menu]")[2].format(begin="NoOp()", silence="NoOp()", wrong="NoOp()", after="NoOp()")
    )
    assert len(found.projects["line"]["numbers"]) == 300
    assert sorted(found.projects["line"]["flow"]) == ["busy", "congestion", "menu"]


def test_numbers_in_several_forms_are_one():
    """Forms carriers deliver are one number; an extension that is none is noted."""
    found = taken(
        "[in]\nexten => 74957772030,1,Busy()\nexten => 84957772030,1,Busy()\nexten => 4957772030,1,Congestion()\nexten => _X.,1,Hangup()\nexten => s,1,Hangup()\nexten => 200,1,Hangup()\nexten => 7772030,1,Hangup()\n"
    )
    (number,) = found.projects["line"]["numbers"]
    assert (number["number"], number["arrives_as"]) == ("+74957772030", ["4957772030"])
    whats = " / ".join(left(found))
    for text in (
        "in another form",
        "takes a range of numbers",
        "takes calls without a number",
        "extensions of [in]",
        "extensions.conf:8: 7772030",
    ):
        assert text in whats


def test_what_is_done_after_a_call_is_noted():
    """The h extension of a context calls come through; what only hangs up or logs is none."""
    text = (
        IN
        + " same => n,Hangup()\nexten => h,1,NoOp()\n same => n,Hangup()\n same => n,System(/usr/bin/notify sesame)\n"
    )
    assert left(taken(text)) == ["extensions.conf:6: system"]


def test_calls_that_wait_at_the_end_of_their_lines_are_noted():
    """autofallthrough=no makes a call wait for digits where a spec ends it."""
    assert left(taken("[general]\nautofallthrough = no\n" + IN)) == ["extensions.conf:2: autofallthrough"]
