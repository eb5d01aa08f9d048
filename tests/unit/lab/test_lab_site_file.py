import pytest
import yaml

from cctoolkit.errors import SpecError
from cctoolkit.lab.install import Installation
from cctoolkit.lab.node import Node
from cctoolkit.lab.site_file import Template

TEXT = """
site: {id: lab, title: "Лаборатория"}
roster:
  - {agent: ivanova, name: Иванова Анна}
  - agent: petrov
    name: 'Пётр'
feature_codes: {log_in: "*11", opens: 09:00, number: 010, on: yes}
mail: {from: messages@centre.example, relay: {host: 127.0.0.1, tls: none}}
projects: [northwind-hotline]
"""
MAIL = "127.16.0.4"


@pytest.fixture
def template(tmp_path):
    def make(text: str) -> Template:
        path = tmp_path / "lab.yaml"
        path.write_text(text, encoding="utf-8")
        return Template(path)

    return make


def test_the_site_has_nodes_trunks_and_a_secret_for_each_phone(template, tmp_path):
    node = Node("n1", tmp_path / "n1", "127.16.0.11", Installation(None, 101, 102, "22.10.1"), owned=True)
    filled = template(TEXT).fill(
        [node], "127.16.0.1", {"ivanova": "file:secrets/phone-ivanova", "petrov": "env:P"}, MAIL
    )
    site = yaml.load(filled, Loader=yaml.BaseLoader)
    [written] = site["nodes"]
    assert written["ami"]["accounts"]["deploy"] == {
        "user": "cct-deploy",
        "secret": "file:secrets/n1-cct-deploy",
    }
    assert (written["asterisk"], written["group"]) == ("22", "102")
    assert (written["folder"], written["queue_log"]) == (
        str(tmp_path / "n1/etc/asterisk"),
        str(tmp_path / "n1/log/queue_log"),
    )
    assert written["spool"] == str(tmp_path / "n1/spool")
    assert site["mail"] == {"from": "messages@centre.example", "relay": {"host": MAIL, "port": "2525", "tls": "none"}}
    assert site["trunks"] == [{"id": "carrier", "address": "127.16.0.1"}]
    assert [entry["secret"] for entry in site["roster"]] == ["file:secrets/phone-ivanova", "env:P"]


def test_what_the_template_says_keeps_its_text(template):
    filled = template(TEXT).fill([], "127.16.0.1", {"ivanova": "a", "petrov": "b"}, MAIL)
    before, after = (yaml.load(text, Loader=yaml.BaseLoader) for text in (TEXT, filled))
    assert after["feature_codes"] == before["feature_codes"]
    assert after["site"] == before["site"]


def test_filling_twice_changes_nothing(template):
    secrets = {"ivanova": "a", "petrov": "b"}
    once = template(TEXT).fill([], "127.16.0.1", secrets, MAIL)
    assert template(once).fill([], "127.16.0.1", secrets, MAIL) == once


@pytest.mark.parametrize(
    ("text", "said"),
    [("[]", "is no site"), ("a: [", "is no YAML"), ("roster: [{name: x}]", "lab.yaml:1:10: '' is no agent")],
)
def test_a_wrong_template_says_what_is_wrong(template, text, said):
    with pytest.raises(SpecError, match=said):
        template(text).agents()


def test_a_missing_template_is_an_error_of_ours(tmp_path):
    with pytest.raises(SpecError, match=r"none.yaml: cannot be read"):
        Template(tmp_path / "none.yaml")
