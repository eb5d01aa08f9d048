import pytest

from cctoolkit.errors import SpecError
from cctoolkit.state.dialplan import gotos, lines


def told(text):
    return [(x.context, x.extension, x.priority, x.label, x.application, x.data) for x in lines(text, "f.conf")]


def test_priorities_are_counted_as_asterisk_counts_them():
    """`n`, `same` and labels become numbers; `n` counts on over extensions, as pbx_config's lastpri does."""
    text = "[c]\nexten => s,1,NoOp()\n same => n(ask),Set(a=b)\nexten => t,1,Goto(s,ask)\nexten => i,n,Hangup(16)\n"
    assert told(text) == [
        ("c", "s", 1, "", "NoOp", ""),
        ("c", "s", 2, "ask", "Set", "a=b"),
        ("c", "t", 1, "", "Goto", "s,ask"),
        ("c", "i", 2, "", "Hangup", "16"),
    ]


def test_an_escaped_semicolon_is_a_semicolon():
    """What Asterisk holds is what is compared."""
    assert told("[c]\nexten => s,1,Set(a=b\\;c)\n")[0][-1] == "a=b;c"


@pytest.mark.parametrize(
    "line",
    [
        "exten => s,n,NoOp()",
        "exten => s,1,NoOp",
        "exten => s,x,NoOp()",
        "same => n,NoOp()",
        "include => other",
        "exten =",
    ],
)
def test_a_line_asterisk_would_skip_is_an_error(line):
    """A line that is none names its file and context."""
    with pytest.raises(SpecError, match=r"f\.conf \[c\]"):
        told(f"[c]\n{line}\n")


def test_gotos_are_the_jumps_that_leave_a_context():
    """A jump inside the context is no edge; the first one that leaves it is, since nothing behind it runs."""
    text = "[c]\nexten => a,1,Goto(s,1)\nexten => done,1,NoOp()\n same => n,Goto(d,s,1)\n same => n,Goto(e,s,1)\n"
    assert gotos(text, "f") == {("c", "done"): "d"}
