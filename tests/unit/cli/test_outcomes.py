import json

import pytest

from cctoolkit.cli import outcomes
from cctoolkit.cli.options import Format
from cctoolkit.cli.outcomes import table
from cctoolkit.deploy.fleet import Outcome
from cctoolkit.errors import SwitchError
from cctoolkit.workflow.fleet import Applied


def test_the_table_says_what_is_where_and_what_to_do():
    """One line a node in the order of the site, aligned; below, why and what next, for those with something to say."""
    found = table(
        [
            Outcome("msk-1", "rolled back", "4119906899", "4119906899", 0.414, "node msk-1: put back"),
            Outcome("spb-11", "failed", "11a7fa86b4", "", 5.4, "not rolled back: no room", "make room"),
            Outcome("msk-3", "away", "", "", why="no connection: refused", next_step="apply again"),
            Outcome("msk-4", "unchanged", "b693859538", "b693859538"),
        ]
    )
    assert found == [
        "node    release before  release now  state        seconds",
        "msk-1   4119906899      4119906899   rolled back  0.41",
        "spb-11  11a7fa86b4      ?            failed       5.40",
        "msk-3   ?               ?            away         -",
        "msk-4   b693859538      b693859538   unchanged    -",
        "msk-1: put back",
        "spb-11: not rolled back: no room",
        "  next: make room",
        "msk-3: no connection: refused",
        "  next: apply again",
    ]


@pytest.mark.parametrize("nodes", [1, 2])
def test_a_failure_is_told_once(nodes, capsys):
    """Of one node with all that is known on standard error, of several below the table; to a machine in its document."""
    error = SwitchError("it broke", where="node n1", next_step="mend it")
    found = [
        Outcome("n1", "failed", "aa", "aa", 1, "node n1: it broke", "mend it"),
        Outcome("n2", "unchanged", "a", "a"),
    ]
    applied = Applied(tuple(found[:nodes]), {"n1": error}, interrupted=False)
    outcomes.show(applied, Format.text, "applied")
    told = capsys.readouterr()
    assert (told.out + told.err).count("it broke") == 1
    assert ("it broke" in told.out) == (nodes == 2)
    outcomes.show(applied, Format.json, "applied")
    told = capsys.readouterr()
    assert (json.loads(told.out)["nodes"][0]["why"], told.err) == ("node n1: it broke", "")


def test_after_an_interruption_there_is_always_a_table(capsys):
    """Of one node too."""
    applied = Applied((Outcome("n1", "rolled back", "aa", "aa", why="ended in the middle, put back"),), {}, True)
    outcomes.show(applied, Format.text, "applied")
    assert "n1    aa              aa           rolled back  -" in capsys.readouterr().out.splitlines()
    assert outcomes.ended(applied) == 130
