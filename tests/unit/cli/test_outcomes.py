from cctoolkit.cli.apply import table
from cctoolkit.deploy.fleet import Outcome


def test_the_table_says_what_is_where_and_what_to_do():
    """One line a node in the order of the site, aligned; below, why and what next, for those with something to say."""
    found = table(
        [
            Outcome("msk-1", "rolled back", "4119906899", "4119906899", 0.414, "because of spb-11"),
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
        "msk-1: because of spb-11",
        "spb-11: not rolled back: no room",
        "  next: make room",
        "msk-3: no connection: refused",
        "  next: apply again",
    ]
