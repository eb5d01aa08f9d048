import configparser

import pytest

from cctoolkit.lab import music, node_config, street_config
from cctoolkit.lab.address import Block
from cctoolkit.node.prepare import needs
from cctoolkit.node.prepare.accounts import ACCOUNTS, FILE, NOISE
from cctoolkit.secret import Secret

SECRETS = {account: Secret(f"pw-{account}") for account in ACCOUNTS}
NODE = node_config.node_files("n1", "127.16.0.11", SECRETS)
STREET = street_config.street_files(
    Block(16, -1),
    {"n1": "127.16.0.11", "n2": "127.16.0.12"},
    {"ivanova": Secret("pw-ivanova"), "petrov": Secret("pw-petrov")},
    Secret("pw-street"),
)


def sections(text: str) -> dict[str, list[tuple[str, str]]]:
    """Sections by name, in Asterisk's sense: keys may repeat, and so may sections."""
    found: dict[str, list[tuple[str, str]]] = {}
    current = found.setdefault("", [])
    for line in text.splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif "=" in line and not line.startswith(";"):
            key, _, value = line.partition("=")
            current.append((key.strip(), value.lstrip(">").strip()))
    return found


@pytest.mark.parametrize("file", needs.FED)
def test_each_fed_file_includes_the_current_release_once_and_the_empty_one_has_it(file):
    assert NODE[file].count(f'#include "cctoolkit/current/{file}"') == 1
    assert f"cctoolkit/releases/empty/{file}" in NODE


def test_accounts_have_no_more_rights_than_their_work_needs():
    accounts = {name: dict(lines) for name, lines in sections(NODE[FILE]).items()}
    assert accounts["cct-capture"]["write"] == "reporting"
    assert "originate" not in accounts["cct-deploy"]["write"]
    assert not {"system", "config", "command"} & set(accounts["cct-test"]["write"].split(","))
    assert accounts["cct-test"]["secret"] == "pw-test"


def test_only_the_capture_account_is_filtered():
    by_account = sections(NODE[FILE])
    filters = {name: sum("eventfilter" in key for key, _ in lines) for name, lines in by_account.items()}
    assert filters.pop("cct-capture") == len(NOISE)
    assert set(filters.values()) == {0}


def test_everything_listens_on_the_nodes_own_address():
    bound = [v for text in NODE.values() for lines in sections(text).values() for k, v in lines if "bind" in k]
    assert set(bound) == {"127.16.0.11", "127.16.0.11:5060"}


def test_the_street_stands_at_two_addresses_and_knows_every_node_and_phone():
    pjsip = sections(STREET["pjsip.conf"])
    assert ("bind", "127.16.0.1:5060") in pjsip["carrier"]
    assert ("bind", "127.16.0.2:5060") in pjsip["phones"]
    assert ("contact", "sip:127.16.0.12") in pjsip["carrier-n2"]
    assert ("client_uri", "sip:ivanova@127.16.0.11") in pjsip["phone-ivanova"]
    assert ("password", "pw-petrov") in pjsip["phone-petrov"]


def test_only_the_street_keeps_a_witness_log():
    assert "noload = cel_custom.so" in NODE["modules.conf"]
    assert "noload = cel_custom.so" not in STREET["modules.conf"]
    assert STREET["cel_custom.conf"].count("CSV_QUOTE") == len(street_config.COLUMNS)


@pytest.mark.parametrize("files", [NODE, STREET], ids=["node", "street"])
def test_templates_leave_no_placeholder_behind(files):
    assert not [name for name, text in files.items() if "{{" in text or "{address}" in text or "********" in text]


def test_plain_files_are_well_formed():
    for text in (NODE["modules.conf"], NODE["logger.conf"], NODE["rtp.conf"]):
        configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=(";",)).read_string(text)


def test_the_music_is_quiet_and_eight_seconds_of_16_bit_mono():
    data = music.loop()
    samples = memoryview(data[44:]).cast("h")
    assert (data[:4], len(samples)) == (b"RIFF", 8 * music.RATE)
    assert 1000 < max(samples) < 4000
