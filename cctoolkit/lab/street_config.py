"""The street's hand-written configuration: the outside world as one more Asterisk.

The carrier stands at the block's first address, the agents' phones at the second. What they do is dialplan,
set per call by channel variables and per phone by AstDB entries: `phone-<agent>/act` ("answer:1.5:20", as `PhoneAct`
says), or `phone-<agent>/turn-<n>`, one for each call that rings it, round and round, while `turns` says how many there
are. A phone holds as a person's does: by a re-INVITE with sendonly, and another when it takes the caller back. It sends
a caller on by REFER, where it has asked there first by a second call, with Replaces.
"""

from collections.abc import Mapping

from cctoolkit.lab.address import Block
from cctoolkit.lab.node_config import common_files, manager, transport
from cctoolkit.node.prepare.accounts import Account, of_all_rights
from cctoolkit.secret import Secret

USER = "cct-street"
NAME_PIECES, NUMBER_PIECES = 24, 8
PIECE_BYTES = 700
"""How long a caller's name and number may be, URI-encoded, in pieces: one piece fits into a line of AMI."""

ASK_SECONDS = 2
"""How long it rings whom an agent asks; the caller is on hold for twice as long at most."""

WITNESS = "witness.csv"  # below its log folder, in Asterisk's own cel-custom

# What the witness log holds of each channel event, column by column. CSV_QUOTE doubles quotes, so that a name
# may hold anything. Only these functions: Asterisk 22.10 then takes a fast path around the dialplan.
COLUMNS = {
    "at": "eventtime",
    "kind": "eventtype",
    "name": "userdeftype",
    "uniqueid": "CHANNEL(uniqueid)",
    "linkedid": "CHANNEL(linkedid)",
    "channel": "CHANNEL(channame)",
    "caller_number": "CALLERID(num)",
    "caller_name": "CALLERID(name)",
    "context": "CHANNEL(context)",
    "exten": "CHANNEL(exten)",
    "dialled": "CHANNEL(accountcode)",  # the channel of a call we place knows no extension
    "extra": "eventextra",
}

_CEL = """[general]
enable = yes
events = CHAN_START,CHAN_END,ANSWER,HANGUP,BRIDGE_ENTER,BRIDGE_EXIT,USER_DEFINED
"""

_TRUNK = """
[carrier-{node}]
type = endpoint
transport = carrier
context = carrier
disallow = all
allow = alaw,ulaw
dtmf_mode = rfc4733
direct_media = no
rtp_symmetric = yes
media_address = {carrier}
bind_rtp_to_media_address = yes
trust_id_inbound = yes
aors = carrier-{node}

[carrier-{node}]
type = aor
contact = sip:{address}

[carrier-{node}]
type = identify
endpoint = carrier-{node}
match = {address}
"""

# The registration's line brings the node's calls for this phone to this endpoint, though they come from the
# address that the carrier's do. A refused registration is tried again for ever: until the first apply the
# node knows nobody.
_PHONE = """
[phone-{agent}]
type = endpoint
transport = phones
context = phones
disallow = all
allow = alaw,ulaw
dtmf_mode = rfc4733
direct_media = no
; Hold goes out as a re-INVITE instead of as music.
moh_passthrough = yes
media_address = {phones}
bind_rtp_to_media_address = yes
from_user = {agent}
outbound_auth = phone-{agent}
aors = phone-{agent}

[phone-{agent}]
type = aor
contact = sip:{address}

[phone-{agent}]
type = auth
auth_type = digest
username = {agent}
password = {secret}

[phone-{agent}]
type = registration
transport = phones
outbound_auth = phone-{agent}
server_uri = sip:{address}
client_uri = sip:{agent}@{address}
contact_user = {agent}
line = yes
endpoint = phone-{agent}
expiration = 3600
retry_interval = 2
forbidden_retry_interval = 2
fatal_retry_interval = 2
max_retries = 1000000
max_random_initial_delay = 0
auth_rejection_permanent = no
"""

_DIALPLAN = """[general]
static = yes
writeprotect = yes

; A caller after the other side answered. KEYS is "at:keys&at:keys", in seconds after the answer.
[callers]
exten => talk,1,Set(ANSWERED=${{STRFTIME(,,%s.%3q)}})
 same => n,ExecIf($["${{HANG_UP_AFTER}}" != ""]?Set(TIMEOUT(absolute)=${{HANG_UP_AFTER}}))
 same => n,StartMusicOnHold()
 same => n(next),GotoIf($["${{KEYS}}" = ""]?rest)
 same => n,Set(KEY=${{SHIFT(KEYS,&)}})
 same => n,Set(LEFT=$[${{ANSWERED}} + ${{CUT(KEY,:,1)}} - ${{STRFTIME(,,%s.%3q)}}])
 same => n,ExecIf($[${{LEFT}} > 0]?Wait(${{LEFT}}))
 same => n,CELGenUserEvent(pressing,${{CUT(KEY,:,2)}})
 same => n,SendDTMF(${{CUT(KEY,:,2)}},100,120)
 same => n,CELGenUserEvent(pressed,${{CUT(KEY,:,2)}})
 same => n,Goto(next)
 same => n(rest),Wait(86400)
exten => T,1,CELGenUserEvent(hung_up)
 same => n,Hangup(16)

; A caller who says what cannot come over AMI: any character, and more of them than its lines hold. URI-encoded and in
; pieces, since a function works on 4,096 bytes at most. The witness sees the digits alone: a longer line it would cut.
[who]
exten => _[+0-9*#]!,1,Set(CALLERID(num)=${{DIGITS}})
 same => n,Dial(PJSIP/${{EXTEN}}@carrier-${{NODE}},,b(who^says^1))
 same => n,Hangup(${{HANGUPCAUSE}})
exten => says,1,Set(CONNECTEDLINE(name,i)={name})
 same => n,Set(CONNECTEDLINE(num,i)={number})
 same => n(next),GotoIf($["${{HEADERS}}" = ""]?done)
 same => n,Set(HEADER=${{SHIFT(HEADERS,&)}})
 same => n,Set(PJSIP_HEADER(add,${{CUT(HEADER,:,1)}})=${{URIDECODE(${{CUT(HEADER,:,2)}})}})
 same => n,Goto(next)
 same => n(done),Return()

; Calls from a node to the world: everybody answers at once and listens.
[carrier]
exten => _[+0-9]!,1,Answer()
 same => n,StartMusicOnHold()
 same => n,Wait(86400)

; Calls from a node to a phone.
[phones]
exten => _[a-z0-9]!,1,Set(DO=${{DB(phone-${{EXTEN}}/act)}})
 same => n,Set(TURNS=${{DB(phone-${{EXTEN}}/turns)}})
 same => n,GotoIf($[0${{TURNS}} = 0]?act)
 same => n,Set(TURN=${{DB(phone-${{EXTEN}}/next)}})
 same => n,Set(DB(phone-${{EXTEN}}/next)=$[(${{TURN}} + 1) % ${{TURNS}}])
 same => n,CELGenUserEvent(turn,${{TURN}})
 same => n,Set(DO=${{DB(phone-${{EXTEN}}/turn-${{TURN}})}})
 same => n(act),Set(MODE=${{CUT(DO,:,1)}})
 same => n,Set(AFTER=${{CUT(DO,:,2)}})
 same => n,Set(TALK=${{CUT(DO,:,3)}})
 same => n,Set(HOLD_AFTER=${{CUT(DO,:,4)}})
 same => n,Set(HOLD=${{CUT(DO,:,5)}})
 same => n,Set(REFER=${{CUT(DO,:,6)}})
 same => n,Set(REFER_AFTER=${{CUT(DO,:,7)}})
 same => n,Set(ASKS=${{CUT(DO,:,8)}})
 same => n,GotoIf($["${{MODE}}" = "busy"]?busy)
 same => n,Ringing()
 same => n,GotoIf($["${{MODE}}" = "never"]?never)
 same => n,Wait(${{IF($["${{AFTER}}" = ""]?1:${{AFTER}})}})
 same => n(answer),Answer()
 same => n,StartMusicOnHold()
 same => n,GotoIf($[0${{HOLD}} = 0]?refer)
 same => n,Wait(${{HOLD_AFTER}})
 same => n,CELGenUserEvent(held)
 same => n,BridgeWait(${{UNIQUEID}},participant,e(h)S(${{HOLD}}))
 same => n,CELGenUserEvent(unheld)
 same => n(refer),GotoIf($["${{REFER}}" = ""]?talk)
 same => n,Wait(${{REFER_AFTER}})
 same => n,GotoIf($["${{ASKS}}" != "asks"]?refers)
 same => n,CELGenUserEvent(held)
 same => n,CELGenUserEvent(asks,${{REFER}})
 same => n,BridgeWait(${{UNIQUEID}},participant,e(h)S({hold}))
 same => n,CELGenUserEvent(unheld)
 same => n(talk),Wait(${{IF($["${{TALK}}" = "" | "${{TALK}}" = "0"]?86400:${{TALK}})}})
 same => n,CELGenUserEvent(hung_up)
 same => n,Hangup(16)
 same => n(joins),CELGenUserEvent(unheld)
 same => n(refers),CELGenUserEvent(refers,${{REFER}})
 same => n,Transfer(PJSIP/<sip:${{REFER}}@{home}${{SHARED(REPLACES)}}>)
 same => n,CELGenUserEvent(referred,${{TRANSFERSTATUS}})
 same => n,Hangup(16)
 same => n(busy),Hangup(17)
 same => n(never),Wait(86400)

; An agent's second call, to ask whom the caller on hold is to be sent to: FOR is the phone's channel with that caller.
[asks]
exten => talk,1,StartMusicOnHold()
 same => n,Wait(${{ASK}})
 same => n,Set(TAGS=to-tag%3D${{CHANNEL(pjsip,remote_tag)}}%3Bfrom-tag%3D${{CHANNEL(pjsip,local_tag)}})
 same => n,Set(SHARED(REPLACES,${{FOR}})=?Replaces=${{URIENCODE(${{CHANNEL(pjsip,call-id)}})}}%3B${{TAGS}})
 same => n,ChannelRedirect(${{FOR}},phones,${{AGENT}},joins)
 same => n,Wait({hold})
 same => n,CELGenUserEvent(hung_up)
 same => n,Hangup(16)
"""


def street_files(block: Block, nodes: Mapping[str, str], phones: Mapping[str, Secret], own: Secret) -> dict[str, str]:
    """Return its configuration: `nodes` id -> address, `phones` agent -> secret, `own` its AMI secret."""
    trunks = [_TRUNK.format(node=n, address=a, carrier=block.carrier) for n, a in nodes.items()]
    home = next(iter(nodes.values()))  # the phones register at the first node
    lines = [
        _PHONE.format(agent=agent, address=home, phones=block.phones, secret=secret.reveal())
        for agent, secret in phones.items()
    ]
    name, number = _pieces("NAME", NAME_PIECES), _pieces("NUMBER", NUMBER_PIECES)
    transports = [transport("carrier", block.carrier), transport("phones", block.phones)]
    return {
        **common_files("street"),
        "manager.conf": manager(block.street) + of_all_rights(Account(USER, own)),
        "pjsip.conf": "\n".join([*transports, *trunks, *lines]),
        "extensions.conf": _DIALPLAN.format(home=home, hold=2 * ASK_SECONDS, name=name, number=number),
        "queues.conf": "[general]\n",
        "cel.conf": _CEL,
        "cel_custom.conf": _witness_mapping(),
    }


def _pieces(variable: str, count: int) -> str:
    return "".join(f"${{URIDECODE(${{{variable}_{i}}})}}" for i in range(count))


def _witness_mapping() -> str:
    columns = ",".join(f"${{CSV_QUOTE(${{{source}}})}}" for source in COLUMNS.values())
    return f"[mappings]\n{WITNESS} => {columns}\n"
