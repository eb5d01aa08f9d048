"""Dialplan text is worth what it is on a switch, or not known."""

import pytest

from cctoolkit.takeover.values import arguments, expand, variables

HELD = {"A": "abc", "N": "5", "EMPTY": "", "ASKED": None, "LIST": "x^y^z"}


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("plain", "plain"),
        ("${A}", "abc"),
        ("${A}-${N}", "abc-5"),
        ("${UNSET}", ""),
        ("${ASKED}", None),
        ("${UNIQUEID}", None),
        ("${CALLERID(num)}", None),
        ("${A:0:2}${A:-1}${A:1}", "abcbc"),
        ("${LEN(${A})}", "3"),
        ("${CUT(LIST,^,2)}", "y"),
        ("${CUT(LIST,^,0)}", None),
        ("${CUT(LIST,^,\u00b2)}", None),
        (f"${{A:{'9' * 5_000}}}", ""),
        ("${IF($[1]?yes:no)}", "yes"),
        ("${IF($[${LEN(${UNSET})}>0]?${UNSET}: )}", ""),
        ("${IF($[${ASKED}]?yes:no)}", None),
        ("${ISNULL(${EMPTY})}", "1"),
        ("${DB(TC/1)}", ""),
        ("${DB(cidname/1)}", None),
        ("$[${N}+1]", "6"),
        ("$[${N}-1]", "4"),
        ("$[${N} * 2 - 1]", "9"),
        ("$[7 / 2]", "3"),
        ("$[${N} < 10]", "1"),
        ("$[9 < 10]", "1"),
        ('$["9" < "10"]', "1"),
        ('$["${A}" = "abc"]', "1"),
        ('$["x${EMPTY}" = "x"]', "1"),
        ('$["a b" != "a"]', "1"),
        ("$[!${N}]", "0"),
        ("$[(1 | 0) & 1]", "1"),
        ('$["a" = "b" & ${ASKED}]', "0"),
        ('$[1 | "${ASKED}" = "x"]', "1"),
        ('$["a" = "a" & ${ASKED}]', None),
        ("$[1 / 0]", "0"),
        ("$[${EMPTY} = 1]", None),
        ("$[1 +]", None),
        ('$["abc" =~ "a"]', None),
        ("${", None),
        ("$[$[$[1]]]", "1"),
        ("${A" * 50, None),
    ],
)
def test_worth(text, worth):
    """Variables, slices, functions and expressions; what only a call knows is None unless it decides nothing."""
    assert expand(text, HELD) == worth


def test_deep_nesting_ends():
    """Thousands of brackets are not known, and no error."""
    assert expand("${" * 5000 + "A" + "}" * 5000, HELD) is None
    assert expand("$[" + "(" * 5000 + "1" + ")" * 5000 + "]", HELD) is None


def test_arguments_keep_brackets_together():
    """Commas inside brackets and functions separate nothing."""
    assert arguments("a,${CUT(x,y,1)}, b(c,d) ,") == ["a", "${CUT(x,y,1)}", "b(c,d)", ""]


def test_variables_and_names_made_at_run_time():
    """The variables a text reads are known by name, or by how their names begin."""
    assert variables("${A}${LEN(${B})}${C_${D}}") == {"A", "B", "C_*", "D"}
