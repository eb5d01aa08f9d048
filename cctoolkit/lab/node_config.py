"""The configuration of a lab's node: a plain one, prepared as `site init` prepares any node.

Sources: the sample files that come with Asterisk 22, and docs.asterisk.org, Configuration.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from cctoolkit.lab.address import AMI_PORT, SIP_PORT
from cctoolkit.node.prepare.accounts import ACCOUNTS, Account
from cctoolkit.node.prepare.needs import Wanted, prepared
from cctoolkit.secret import Secret

HOME = PurePosixPath("/srv")  # where a node sees its own folder
CONFIG = PurePosixPath("etc/asterisk")

# Of what Debian ships: other people's protocols, databases and hardware, none configured here, most of which
# say so.
_NOT_LOADED = """
    app_adsiprog app_agent_pool app_alarmreceiver app_amd app_audiosocket app_festival app_flash
    app_followme app_getcpeid app_jack app_minivm app_sla app_sms app_speech_utils app_stasis
    app_stasis_broadcast app_test app_voicemail_odbc app_zapateller cdr_adaptive_odbc cdr_csv cdr_custom
    cdr_manager cdr_odbc cdr_pgsql cdr_radius cdr_sqlite3_custom cdr_tds cel_manager cel_odbc cel_pgsql
    cel_radius cel_sqlite3_custom cel_tds chan_audiosocket chan_console chan_iax2 chan_motif chan_unistim
    chan_websocket func_odbc pbx_ael pbx_dundi pbx_lua pbx_realtime res_adsi res_aeap res_ael_share res_ari
    res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_device_states
    res_ari_endpoints res_ari_events res_ari_model res_ari_playbacks res_ari_recordings res_ari_sounds
    res_audiosocket res_calendar res_calendar_caldav res_calendar_ews res_calendar_exchange
    res_calendar_icalendar res_clialiases res_config_curl res_config_ldap res_config_odbc res_config_pgsql
    res_config_sqlite3 res_fax res_fax_spandsp res_geolocation res_hep res_hep_pjsip res_hep_rtcp
    res_http_media_cache res_http_post res_http_websocket res_odbc res_odbc_transaction res_parking
    res_phoneprov res_pjsip_config_wizard res_pjsip_geolocation res_pjsip_notify
    res_pjsip_phoneprov_provider res_pjsip_stir_shaken res_pjsip_transport_websocket res_prometheus
    res_resolver_unbound res_smdi res_snmp res_speech_aeap res_stasis res_stasis_answer res_stasis_broadcast
    res_stasis_device_state res_stasis_playback res_stasis_recording res_stasis_snoop res_statsd
    res_stir_shaken res_stun_monitor res_websocket_client res_xmpp
"""

_ASTERISK = """[directories]
astetcdir => {home}/etc/asterisk
astdbdir => {home}/db
astrundir => {home}/run
astlogdir => {home}/log
astspooldir => {home}/spool

[options]
systemname = {name}
nocolor = yes
maxfiles = 16384
"""

_LOGGER = """[general]
dateformat = %F %T.%3q
queue_log = yes
queue_log_to_file = yes

[logfiles]
console => error
messages => notice,warning,error
"""

_MANAGER = """[general]
enabled = yes
webenabled = no
bindaddr = {address}
port = {port}
timestampevents = yes
displayconnects = no
"""

_RTP = """[general]
rtpstart = 10000
rtpend = 19999
icesupport = no
"""

_MUSIC = """[default]
mode = files
directory = {home}/moh
"""

_UDP = """[{name}]
type = transport
protocol = udp
bind = {address}:{port}
"""

# Files without which Asterisk 22 starts with an error, however little they say.
_PLAIN = {
    "acl.conf": "",
    "ccss.conf": "[general]\n",
    "cdr.conf": "[general]\n",
    "cel.conf": "[general]\nenable = no\n",
    "confbridge.conf": "[general]\n\n[default_bridge]\ntype = bridge\n\n[default_user]\ntype = user\n",
    "features.conf": "[general]\n",
    "indications.conf": "[general]\ncountry = ru\n\n[ru]\ndescription = Russia\nringcadence = 1000,4000\n"
    "dial = 425\nbusy = 425/350,0/350\nring = 425/1000,0/4000\ncongestion = 425/175,0/175\n",
    "pjproject.conf": "",
    "queuerules.conf": "[general]\n",
    "stasis.conf": "[taskpool]\n\n[declined_message_types]\n",
    "udptl.conf": "[general]\n",
    "voicemail.conf": "[general]\nformat = wav\n\n[default]\n",
}


def user(account: str) -> str:
    """Return the AMI user name of the account "deploy", "test" or "capture"."""
    return f"cct-{account}"


def node_files(name: str, address: str, secrets: Mapping[str, Secret]) -> dict[str, str]:
    """Return the base configuration of node `name`, file name -> text; `secrets` is by account."""
    plain = {
        **common_files(name),
        "modules.conf": modules("cel_custom"),
        "manager.conf": manager(address),
        "pjsip.conf": transport("udp", address),
        "extensions.conf": "[general]\nstatic = yes\nwriteprotect = yes\nclearglobalvars = no\n",
        "queues.conf": "[general]\n",
    }
    mine = {account: Account(user(account), secrets[account]) for account in ACCOUNTS}
    return dict(prepared(plain, Wanted(name, address, address, AMI_PORT, mine)).texts)


def common_files(name: str) -> dict[str, str]:
    """Return what a node and the street have in common: directories, modules, logs, media."""
    return {
        **_PLAIN,
        "asterisk.conf": _ASTERISK.format(home=HOME, name=name),
        "modules.conf": modules(),
        "logger.conf": _LOGGER,
        "rtp.conf": _RTP,
        "musiconhold.conf": _MUSIC.format(home=HOME),
    }


def modules(*more_unused: str) -> str:
    """Return modules.conf: all modules but the unused ones."""
    unused = (*_NOT_LOADED.split(), *more_unused)
    return "[modules]\nautoload = yes\n" + "".join(f"noload = {module}.so\n" for module in unused)


def transport(name: str, address: str) -> str:
    """Return a UDP transport for pjsip.conf."""
    return _UDP.format(name=name, address=address, port=SIP_PORT)


def manager(address: str) -> str:
    """Return manager.conf without accounts."""
    return _MANAGER.format(address=address, port=AMI_PORT)
