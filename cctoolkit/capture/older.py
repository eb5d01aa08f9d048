"""Events of Asterisk 1.4 to 11, as the events that replaced them in Asterisk 12.

Source: docs.asterisk.org, Asterisk 11 AMI Events; "AMI changes" in the UPGRADE notes of Asterisk 12.
"""

from collections.abc import Mapping

from cctoolkit.ami.messages import Message

QUEUE_EVENTS = {"join": "QueueCallerJoin", "leave": "QueueCallerLeave"}


def dial(event: Message) -> Message:
    """Return Dial as DialBegin, or as DialEnd; the end names no destination."""
    ended = event.get("SubEvent").lower() == "end"
    return _message(
        "DialEnd" if ended else "DialBegin",
        Uniqueid=event.get("Uniqueid") or event.get("SrcUniqueID"),
        Channel=event.get("Channel") or event.get("Source"),
        CallerIDNum=event.get("CallerIDNum") or event.get("CallerID"),
        DestUniqueid=event.get("DestUniqueid"),
        DestChannel=event.get("Destination"),
        DestCallerIDNum=event.get("ConnectedLineNum"),
        DialString=event.get("Dialstring"),
        DialStatus=event.get("DialStatus"),
    )


def bridge(event: Message) -> tuple[Message, Message]:
    """Return Bridge, Link or Unlink of two channels as what each did."""
    apart = event.event.lower() == "unlink" or event.get("Bridgestate").lower() == "unlink"
    name = "BridgeLeave" if apart else "BridgeEnter"
    both = event.get("Uniqueid1"), event.get("Uniqueid2")
    first, second = (_message(name, Uniqueid=one, BridgeUniqueid=" ".join(sorted(both))) for one in both)
    return first, second


def transfer(event: Message) -> Message:
    """Return Transfer, which chan_sip sent, as BlindTransfer or AttendedTransfer."""
    if event.get("TransferType").lower() == "blind":
        return _message(
            "BlindTransfer",
            TransfererUniqueid=event.get("Uniqueid"),
            TransfererChannel=event.get("Channel"),
            Extension=event.get("TransferExten"),
        )
    return _message(
        "AttendedTransfer",
        OrigTransfererUniqueid=event.get("Uniqueid"),
        OrigTransfererChannel=event.get("Channel"),
        SecondTransfererUniqueid=event.get("TargetUniqueid"),
        SecondTransfererExten=event.get("TransferExten"),
    )


def queue(event: Message) -> Message:
    """Return Join or Leave by the name it has now."""
    return Message.of(f"Event: {QUEUE_EVENTS[event.event.lower()]}", *event.lines[1:])


def named(event: Message, aliases: Mapping[str, str]) -> Message:
    """Return the event with channels' ids as they are known here."""
    return Message.of(*(_named(line, aliases) for line in event.lines))


def _named(line: str, aliases: Mapping[str, str]) -> str:
    name, _, value = line.partition(": ")
    return f"{name}: {aliases[value]}" if value in aliases and "uniqueid" in name.lower() else line


def _message(name: str, **headers: str) -> Message:
    return Message.of(f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items() if value))
