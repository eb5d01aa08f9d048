import shutil
from pathlib import Path

from cctoolkit.workflow import specs


def test_a_release_has_the_same_id_from_every_checkout(tmp_path, monkeypatch):
    """Secrets in files stand beside the spec, at another path on everybody's machine: that is no change of the spec."""
    ids = []
    for user in ("anna", "petr"):
        shutil.copytree("tests/thin", tmp_path / user)
        site = Path(tmp_path, user, "site.yaml")
        text = site.read_text(encoding="utf-8")
        site.write_text(text.replace("env:GOLDEN_IVANOVA", "file:secrets/ivanova"), encoding="utf-8")
    for user in ("anna", "petr"):
        monkeypatch.chdir(tmp_path / user)
        configs = specs.render_site(specs.load_site("site.yaml"))
        assert any(f"{user}/secrets/ivanova" in text for text in configs["n1"].files.values())
        ids.append({node: config.release for node, config in configs.items()})
    assert ids[0] == ids[1]
