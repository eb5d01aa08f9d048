"""The figures of a capture for Prometheus, over HTTP on a loopback address; no secret and nobody's number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cctoolkit.capture.journal import now_us
from cctoolkit.capture.pulse import SECOND, Pulse
from cctoolkit.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from prometheus_client import Metric

_PREFIX = "cctoolkit_capture_"

_Read = Callable[[Pulse], float | None]

_GAUGES: Mapping[str, tuple[str, _Read]] = {
    "reading": ("1 while events flow", lambda one: float(one.reading)),
    "lag_seconds": (
        "How long ago the switch was last heard, an event or an answered ping, by its clock",
        lambda one: one.lag_seconds(now_us()),
    ),
    "last_event_timestamp_seconds": ("When the last event of a call or agent was", lambda one: one.last_event / SECOND),
    "events_per_second": ("Events of late", lambda one: one.rate),
    "calls": ("Calls that are up", lambda one: one.calls),
    "journal_bytes": ("What the journal takes on the disk", lambda one: one.journal_bytes),
    "journal_segments": ("Segments of the journal", lambda one: one.journal_segments),
    "store_delay_seconds": (
        "From the receipt of the oldest event of the last commit to its end", lambda one: one.put_delay_seconds
    ),
    "store_away": ("1 while records wait, since their database does not answer", lambda one: float(one.store_away)),
    "clock_skew_seconds": (
        "The switch's clock minus ours, by the quickest of the last pings",
        lambda one: one.clock.skew_seconds if one.clock else None,
    ),
    "clock_precision_seconds": (
        "What the skew may be off by, either way", lambda one: one.clock.precision_seconds if one.clock else None
    ),
    "pulse_timestamp_seconds": ("When these figures were taken", lambda one: one.at / SECOND),
}  # fmt: skip
_COUNTERS: Mapping[str, tuple[str, _Read]] = {
    "events": ("Messages read, from the beginning of the journal", lambda one: one.events),
    "received_bytes": ("Bytes received", lambda one: one.received_bytes),
    "gaps": ("Times that nobody listened", lambda one: one.gaps.count),
    "gap_seconds": ("How long nobody listened", lambda one: one.gaps.seconds),
    "reconnects": ("Connections that were made again", lambda one: one.reconnects),
    "store_records": (
        "Records put into the store, new or newer; handed over, where it is a database",
        lambda one: one.put_records,
    ),
    "store_seconds": ("Time spent on commits", lambda one: one.put_seconds),
}


class Exporter:
    """Shows the newest pulses to whoever asks."""

    def __init__(self) -> None:
        self.pulses: Sequence[Pulse] = ()

    def collect(self) -> "Iterator[Metric]":
        """Yield every figure (called by prometheus_client, in its thread)."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        pulses = self.pulses
        for family, figures in ((GaugeMetricFamily, _GAUGES), (CounterMetricFamily, _COUNTERS)):
            for name, (text, read) in figures.items():
                metric = family(_PREFIX + name, text, labels=["node"])
                for one in pulses:
                    if (value := read(one)) is not None:
                        metric.add_metric([one.node], value)
                yield metric
        odd = CounterMetricFamily(_PREFIX + "odd", "What made no whole record, by kind", labels=["node", "kind"])
        for one in pulses:
            for kind, count in one.odd.items():
                odd.add_metric([one.node, kind], count)
        yield odd


@contextmanager
def served(address: str, exporter: Exporter) -> Iterator[None]:
    """Answer at `address` ("127.0.0.1:9750") while this lasts.

    Raise UsageError for an address that is none, or not of this machine alone, OperatorError when it is taken or the
    library is missing.
    """
    host, port = _loopback(address)
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ModuleNotFoundError as error:
        raise OperatorError(
            "metrics need the package prometheus-client", next_step="pip install 'cctoolkit[capture]'"
        ) from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(exporter)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise OperatorError(
            f"nothing can listen there: {error.strerror}", where=address, next_step="give --metrics another port"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _loopback(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        fits = ip_address(host).is_loopback and 0 < int(port) < 65536
    except ValueError:
        fits = False
    if not fits:
        raise UsageError(
            f"metrics cannot be shown at {address!r}", expected="a loopback address and a port, such as 127.0.0.1:9750"
        )
    return host, int(port)
