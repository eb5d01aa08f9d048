"""Which files may be read as rows, without a switch; that Asterisk reads them so is for the live tests."""

import pytest

from cctoolkit.errors import OperatorError
from cctoolkit.node.realtime import feed

ENTRY = '#include "cctoolkit/current/more.conf"\n[x]\nexten => s,1,NoOp()\n'


def test_what_is_not_loaded_is_not_judged():
    """A file that Asterisk does not read may hold anything, and one that was judged before is not judged again."""
    odd = "[x](!)\n"
    texts = {"extensions.conf": ENTRY, "more.conf": "", "messages.conf": odd, "notes.txt": odd}
    assert feed.extended(texts, {*texts}) == []
    texts["more.conf"] = odd
    assert feed.extended(texts, {"extensions.conf"}) == []
    with pytest.raises(OperatorError, match="section x inherits"):
        feed.extended(texts, {"more.conf"})


def test_what_extends_the_nodes_own_sections_is_named():
    """It is no row of ours, whether its file comes anew or not."""
    texts = {"queues.conf": "[general](+)\nautofill = yes\n[q]\nweight = 0\n"}
    for fresh in ({}, texts):
        assert feed.extended(texts, fresh) == [("general", "autofill", "yes")]


@pytest.mark.parametrize(
    "text",
    ["[x]\na = b ; c\n", "[x] ; c\na = b\n", "[x]\n\ta = b\n", "[x]\n;--\na = b\n--;\n", "[x]a = b\n",
     "a = b\n", "[x]\na\n", '[x]\n#tryinclude "y"\n', "[x]\n=b\n", "[x]\n[x]\na = b\n"],
)  # fmt: skip
def test_what_reads_otherwise_as_a_row_is_refused(text):
    """Comments behind a value or a section, tabs, block comments, lines without a place, a section twice."""
    with pytest.raises(OperatorError, match="AMI cannot carry this file"):
        feed.extended({"queues.conf": text}, {"queues.conf"})
