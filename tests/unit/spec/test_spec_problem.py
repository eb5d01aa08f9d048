"""Messages: what they show, and what they never do."""

from cctoolkit.spec.problem import MAX_PROBLEMS, InvalidSpecError, Mark, Problem, bounded, did_you_mean, show


def test_printed():
    """A problem prints its place, its code, what was expected and the cure, and nothing a terminal would obey."""
    problem = Problem("yaml-tab", "bad \x1b[31m\u202e", "f.yaml", Mark(3, 4), "good", "mend it")
    assert str(problem) == "f.yaml:3:4: bad \\u001b[31m\\u202e [yaml-tab]\n    expected: good\n    hint: mend it"


def test_show_is_short():
    """A value in a message is never long and never breaks the line."""
    assert len(show("x" * 10_000)) == 60
    assert show("a\nb") == '"a\\nb"'
    assert (show([1]), show({}), show(None)) == ("this list", "the empty mapping", "nothing")


def test_look_alikes():
    """A Cyrillic letter in a Latin word is named, and the word is still recognised."""
    assert did_you_mean("оrders", ["orders", "x"]) == 'did you mean "orders"? "о" is CYRILLIC SMALL LETTER O'
    assert did_you_mean("zzz", ["orders"]) == ""


def test_bounded():
    """However many mistakes there are, a bounded number is reported, and that there are more."""
    endless = (Problem("yaml-tag", "m", "f", Mark(n)) for n in range(1, 10**9))
    found = bounded(endless)
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1].code == "too-many-problems"


def test_error_counts():
    """The error of an invalid spec prints every problem and how many there are."""
    assert str(InvalidSpecError([Problem("yaml-tag", "m", "f")])) == "f:1:1: m [yaml-tag]\n1 problem in the spec"
