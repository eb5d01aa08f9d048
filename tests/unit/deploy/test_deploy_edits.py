import pytest

from cctoolkit.deploy import release
from cctoolkit.deploy.release import Disk, still_used
from cctoolkit.errors import OperatorError, Refused
from cctoolkit.node.transports import Manifest
from cctoolkit.plan.explain import explain
from cctoolkit.render.configset import ConfigSet

KEYS = "generations/cct-exit-05-keys.conf"


def append(name, text="; a note\n"):
    def edit(current):
        (current / name).write_text((current / name).read_text() + text)

    return edit


def write(name, text):
    return lambda current: (current / name).write_text(text)


EDITS = {
    "a comment": (append("queues.conf"), "queues.conf"),
    "an option": (append("queues.conf", "[northwind-hotline.orders](+)\nmaxlen = 99\n"), "queues.conf"),
    "nonsense in the dialplan": (append("extensions.conf", "nonsense\n"), "extensions.conf"),
    "nonsense among the phones": (append("pjsip.conf", "password letmein\n"), "pjsip.conf"),
    "a block comment": (append("runtime.conf", ";-- off\n"), "runtime.conf"),
    "a file that was added": (write("extra.conf", "[x]\n"), "extra.conf"),
    "a generation that was added": (write("generations/own.conf", "[cct-own]\n"), "generations/own.conf"),
    "a file that was deleted": (lambda current: (current / "runtime.conf").unlink(), "runtime.conf"),
    "the entry deleted": (lambda current: (current / "extensions.conf").unlink(), "extensions.conf"),
    "kept.conf": (append("kept.conf"), "kept.conf"),
    "bytes that are no text": (lambda current: (current / "queues.conf").write_bytes(b"\xff\xfe"), "queues.conf"),
    "a manifest that is no JSON": (write("manifest.json", "{"), "manifest.json"),
    "a manifest of another shape": (write("manifest.json", "[1]"), "manifest.json"),
    "no manifest": (lambda current: (current / "manifest.json").unlink(), "manifest.json"),
    "a manifest that lies": (
        lambda current: write("manifest.json", (current / "manifest.json").read_text().replace("root", "anna"))(current)
        or write("manifest.json", (current / "manifest.json").read_text().replace('"commit": "', '"commit": "f'))(current),
        "manifest.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_by_hand_is_shown_refused_and_overwritten_on_demand(node, edit):
    """The plan names the file, apply touches nothing, --overwrite-edits makes it ours again; none is a
    traceback.
    """
    await node.apply()
    make, path = EDITS[edit]
    make(node.current)
    plan = await node.plan()
    assert plan.edited == (path,)
    assert f"! {path} was edited by hand" in explain(plan)
    assert "letmein" not in explain(plan)
    before = sorted(node.root.rglob("*"))
    with pytest.raises(Refused, match="edited by hand since the last apply") as caught:
        await node.apply()
    assert "apply with --overwrite-edits" in caught.value.next_step
    with pytest.raises(Refused) as caught:
        release.refuse_edits((await node.planned())[0].disk, "n1", False, "automatic rollback")
    assert "or rollback with --overwrite-edits" in caught.value.next_step
    assert sorted(node.root.rglob("*")) == before
    assert await node.apply(overwrite_edits=True) == ["n1"]
    assert (await node.plan()).empty
    await node.assert_clean()


async def test_an_edited_generation_is_not_kept(applied):
    """What somebody wrote into a generation does not live on in the next release."""
    (path,) = (applied.current / "generations").glob("*.conf")
    path.write_text(path.read_text() + "; mine\n")
    await applied.apply(overwrite_edits=True)
    kept = (await release.read(applied.transport)).kept
    assert kept == {}


async def test_an_edited_generation_with_calls_in_it(applied):
    """For calls it is kept as it is; when nobody can read it, apply waits for the calls."""
    (path,) = (applied.current / "generations").glob("*.conf")
    digest = path.stem.rpartition("-")[2]
    applied.switch.calls = [("northwind-hotline", digest)]
    text = path.read_text()
    path.write_text(text + "nonsense\n")
    with pytest.raises(OperatorError, match="calls are up that may need what was edited by hand"):
        await applied.apply(overwrite_edits=True)
    path.write_text(text + "; mine\n")
    await applied.apply(overwrite_edits=True)
    assert list((await release.read(applied.transport)).kept.values()) == [text + "; mine\n"]


async def test_before_the_first_apply_nothing_is_an_edit(node):
    """The folder the engineer made is not ours, whatever is in it."""
    (node.current / "extensions.conf").write_text("; The release before the first.\n")
    assert (await node.plan()).edited == ()
    assert (await node.plan()).release_now == "none"


@pytest.mark.parametrize(
    ("in_use", "edited", "stays"),
    [((), (), False), ((("p", "aaaaaaaa"),), (), True), ((("p", "bbbbbbbb"),), (), True), ((("p", "aaaaaaaa"),), (KEYS,), True)],
)  # fmt: skip
def test_keys_stay_while_anybody_may_wait(in_use, edited, stays):
    """Of an earlier apply, edited or not: who waits has the keys of when they joined, also in a generation that is in force
    again.
    """
    assert (KEYS in still_used(*earlier_keys("exten => 0,1,NoOp()\n", edited, frozenset(in_use)))) is stays


def test_edited_keys_that_nobody_can_read():
    """Where a call is up in any generation, the refusal names them and says no more than is known; else they go."""
    broken = earlier_keys("nonsense\n", (KEYS,), frozenset([("p", "bbbbbbbb")]))
    with pytest.raises(OperatorError, match="calls are up that may need what was edited by hand") as caught:
        still_used(*broken)
    assert KEYS in caught.value.where
    assert KEYS not in still_used(*earlier_keys("nonsense\n", (KEYS,), frozenset()))


def earlier_keys(lines, edited, in_use):
    """Return what `still_used` is asked where keys and a generation of an earlier apply are still kept."""
    generation = "[cct-p-aaaaaaaa-x]\nexten => s,1,NoOp()\n"
    manifest = Manifest(release="r", created="", who="", commit="", generations={}, digests={})
    kept = {"generations/p-aaaaaaaa.conf": generation, KEYS: f"[cct-exit-05]\n{lines}"}
    config = ConfigSet("s", {"generations/p-bbbbbbbb.conf": generation}, {"p": "bbbbbbbb"})
    return Disk("000002-r", manifest, {}, kept, edited), in_use, config
