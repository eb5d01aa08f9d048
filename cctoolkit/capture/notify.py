"""What systemd is told of a service of Type=notify: that it is up, how it does, that it lives, that it stops.

Source: sd_notify(3) and sd_watchdog_enabled(3): datagrams of lines to the socket that NOTIFY_SOCKET names.
"""

import os
import socket
from collections.abc import Mapping
from typing import Self

from msgspec import Struct


class Notifier(Struct, frozen=True):
    """Where to tell it; `address` is "" when nobody asked. `watchdog_seconds` is how long our silence may last, 0: for
    ever.
    """

    address: str = ""
    watchdog_seconds: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return what the environment asks for; a watchdog of another process is none of ours."""
        usec, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
        ours = usec.isdecimal() and pid in ("", str(os.getpid()))
        return cls(environment.get("NOTIFY_SOCKET", ""), int(usec) / 1_000_000 if ours else 0.0)

    def tell(self, **state: str) -> None:
        """Say how things stand: READY="1", STATUS="…", WATCHDOG="1", STOPPING="1". Nobody who listens is no error: the
        service manager may be restarting itself.
        """
        if not self.address:
            return
        # "@" stands for the NUL that begins the name of a socket without a file.
        where = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        text = "\n".join(f"{name}={value}".replace("\n", " ") for name, value in state.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as there:
            there.setblocking(False)
            try:
                there.sendto(text.encode(), where)
            except OSError:
                return
