"""What `new` writes goes onto a real Asterisk as it is, and calls find their way in it."""

import contextlib

import pytest
import yaml

from cctoolkit.__main__ import run
from cctoolkit.lab.lab import Lab

pytestmark = pytest.mark.live


@pytest.mark.parametrize("template", ["hotline-ru", "overflow-partner"])
def test_a_new_project_is_applied_and_verified(tmp_path, lab_template, template, capsys):
    """Scaffolded and put on the site's list, a project is applied, nothing is left to change, and verify walks it; the
    history has its verdict on that release.
    """
    sites = tmp_path / "projects/sites"
    sites.mkdir(parents=True)
    site = yaml.safe_load(lab_template.read_text(encoding="utf-8"))
    site["projects"] = ["acme-line"]
    # The street plays the partner's PBX.
    site["trunks_at"] = {"partner-pbx": "127.0.0.1"} if "partner" in template else {}
    (sites / "lab.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")
    with contextlib.chdir(tmp_path):
        assert run(["new", "acme-line", "--template", template]) == 0
        with Lab(tmp_path / "lab", sites / "lab.yaml", owned=True) as lab:
            assert run(["apply", "--site", str(lab.site_file)]) == 0
            assert run(["plan", "--site", str(lab.site_file)]) == 0
            assert run(["verify", "acme-line", "--site", str(lab.site_file)]) == 0
            capsys.readouterr()
            assert run(["history", "--site", str(lab.site_file)]) == 0
            last = capsys.readouterr().out.splitlines()[-1]
            assert last.startswith("n1      verify acme-line 20")
            assert ": all good (" in last
            # verify fills and empties queues: Asterisk warns of each caller it turns away.
            problems = [line for node in lab.nodes.values() for line in node.problems()]
            assert [line for line in problems if "Unable to join queue" not in line] == []
