from cctoolkit.__main__ import run
from cctoolkit.workflow import locks, verify


def test_a_verify_waits_for_who_is_at_work(monkeypatch):
    """It holds each node, and who is refused is told of --wait."""
    monkeypatch.chdir("tests/thin")
    for name in ("NORTHWIND", "CARRIER"):
        monkeypatch.setenv(name, "x")
    done = []

    async def waited(nodes, seconds, _tell):
        done.append(([node.id for node in nodes], seconds))

    async def verified(*_what):
        done.append("verified")
        return {}

    monkeypatch.setattr(locks, "wait_free", waited)
    monkeypatch.setattr(verify, "verify_site", verified)
    assert run(["verify", "northwind-hotline", "--site", "site.yaml", "--wait", "60s"]) == 0
    assert done == [(["n1"], 60), "verified"]
