"""The client against recorded answers: every way a connection goes wrong ends in one clear error, at once."""

import asyncio
import contextlib
import gc
import socket
import traceback

import pytest

from cctoolkit.ami.client import Account, Client
from cctoolkit.ami.faults import ActionRefusedError, EventTimeoutError
from cctoolkit.errors import SwitchError, SwitchUnreachable, ToolkitBug
from cctoolkit.secret import Secret


@contextlib.asynccontextmanager
async def no_task_left():
    """Fail when a task, a timer (a retry, a ping), or a warning about a resource outlives the block."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - before if "serve" not in repr(task)}
    assert not left
    assert [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()] == []
    gc.collect()


async def until(condition):
    """Wait for what only the other side knows."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def failure(account, **options):
    async with no_task_left():
        with pytest.raises(SwitchUnreachable) as caught:
            async with Client.connect(account, **options):
                pytest.fail("let in")
    return caught.value


async def test_a_session_logs_in_asks_and_logs_off(switch):
    """Login, an action, a list, a command, Logoff, in this order and once each."""
    async with no_task_left():
        async with Client.connect(switch.account()) as client:
            assert client.banner == "Asterisk Call Manager/11.0.0"
            assert (await client.action("Ping")).get("Ping") == "Pong"
            assert [q.get("Queue") for q in await client.listing("QueueStatus")] == ["q1", "q2"]
            assert (await client.command("core show uptime")).splitlines()[1].startswith("Last reload")
        await switch.gone.wait()
    assert switch.names() == ["Login", "Ping", "QueueStatus", "Command", "Logoff"]
    assert ["Events", "off"] in switch.actions[0]


async def test_a_wrong_password_is_refused_at_once_and_never_shown(switch):
    """One try, one error that names the account and what to do; the secret is in no text."""
    error = await failure(switch.account("open-sesame-guess"))
    assert "refused the login of account 'tester': Authentication failed" in str(error)
    assert error.where == f"127.0.0.1:{switch.port}"
    assert error.next_step
    assert switch.names() == ["Login"]
    assert switch.connections == 1
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in (*told.stack, *told.__cause__.stack) if "cctoolkit" in frame.filename]
    assert len(ours) > 3
    assert "open-sesame-guess" not in str(error) + repr([frame.locals for frame in ours])
    assert "open-sesame-guess" not in repr(switch.account("open-sesame-guess"))


async def test_a_refused_connection_names_the_address(unused_tcp_port):
    """Nobody listens: host and port, and no second try."""
    error = await failure(Account("127.0.0.1", unused_tcp_port, "a", Secret("b")))
    assert str(error).startswith(f"127.0.0.1:{unused_tcp_port}: no connection: refused")


async def test_an_unknown_host_is_unreachable():
    """A name that resolves to nothing is the same family of error."""
    error = await failure(Account("switch.invalid", 5038, "a", Secret("b")))
    assert "switch.invalid:5038" in str(error)


async def test_no_answer_to_the_connection():
    """A host that drops packets (a full backlog here) ends in the time limit."""
    with socket.socket() as server, contextlib.ExitStack() as stack:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        error = await failure(Account(*server.getsockname(), "a", Secret("b")), timeout=0.2)
    assert "does not answer within 0.2 s" in str(error)


@pytest.mark.parametrize(
    ("greeting", "says"),
    [
        ("SSH-2.0-OpenSSH_9.2\r\n", "does not greet as a manager interface"),
        ("", "does not greet as a manager interface"),
        ("Asterisk Call Man", "does not greet as a manager interface"),
    ],
)
async def test_something_else_on_the_port_never_gets_the_secret(switch, greeting, says):
    """What does not greet like a switch is told so, and no login is sent to it."""
    switch.greeting = greeting
    assert says in str(await failure(switch.account(), timeout=0.2))
    assert switch.actions == []


async def test_a_login_without_an_answer_ends_in_time(switch):
    """A switch that greets and then hangs is not waited for."""
    switch.answers["Login"] = None
    assert "the login within 0.2 s" in str(await failure(switch.account(), timeout=0.2))


async def test_an_error_reply_names_action_node_and_reason(switch):
    """SwitchError carries the switch's own words and the reply."""
    async with Client.connect(switch.account()) as client:
        with pytest.raises(ActionRefusedError, match="Invalid/unknown command: Nonsense") as caught:
            await client.action("Nonsense")
        assert caught.value.where == f"127.0.0.1:{switch.port} Nonsense"
        assert caught.value.reply.response == "Error"
        assert not isinstance(caught.value, SwitchUnreachable)
        with pytest.raises(SwitchError, match="No such command 'no such'"):
            await client.command("nonsense")


async def test_nothing_to_list_is_told_from_an_error(switch):
    """Where the switch answers an error for nothing, only the error that was named means an empty list."""
    async with Client.connect(switch.account()) as client:
        with pytest.raises(ActionRefusedError, match=r"No endpoints found$"):
            await client.listing("PJSIPShowEndpoints")
        assert await client.listing("PJSIPShowEndpoints", empty_ok="no endpoints") == []
        assert await client.listing("ShowDialPlan", {"Context": "nowhere"}, empty_ok="Did not find") == []
        assert len(await client.listing("ShowDialPlan", {"Context": "caller"}, empty_ok="Did not find")) == 1
        with pytest.raises(ActionRefusedError, match="Database entry"):
            await client.listing("DBGet", empty_ok="No endpoints")


async def test_a_list_broken_off_is_an_error(switch):
    """EventList: Cancelled is no complete list."""
    switch.answers["QueueStatus"] = switch.answers["QueueStatus"].replace("EventList: Complete", "EventList: Cancelled")
    async with Client.connect(switch.account()) as client:
        with pytest.raises(SwitchError, match="broke off"):
            await client.listing("QueueStatus")


async def test_the_outcome_of_an_originate_is_an_event(switch):
    """OriginateResponse carries the action's id and a Response header; the reply is another message."""
    happened = "Event: OriginateResponse\r\nActionID: {id}\r\nResponse: Failure\r\nReason: 0\r\n\r\n"
    queued = "Response: Success\r\nActionID: {id}\r\nMessage: Originate successfully queued\r\n\r\n"
    switch.answers["Originate"] = happened + queued + happened
    async with Client.connect(switch.account()) as client, client.subscribe("OriginateResponse") as events:
        assert (await client.action("Originate")).get("Message") == "Originate successfully queued"
        assert [(await anext(events)).get("Response") for _ in range(2)] == ["Failure", "Failure"]


async def test_lists_at_once_do_not_mix(switch):
    """Each list gets the events with its own id, also when answers interleave."""
    async with Client.connect(switch.account()) as client:
        lists = await asyncio.gather(*[client.listing("QueueStatus") for _ in range(20)])
        ids = [{m.action_id for m in messages} for messages in lists]
    assert all(len(messages) == 2 for messages in lists)
    assert all(len(one) == 1 for one in ids)
    assert len(set.union(*ids)) == 20


async def test_header_injection_reaches_no_switch(switch):
    """A line break in a value is refused before anything is sent."""
    async with Client.connect(switch.account()) as client:
        with pytest.raises(ToolkitBug):
            await client.action("Originate", {"CallerID": "x\r\n\r\nAction: Command\r\nCommand: core stop now"})
    assert switch.names() == ["Login", "Logoff"]


async def test_an_unanswered_action_times_out_and_is_not_sent_again(switch):
    """After a time-out the connection goes on, and the late answer disturbs nobody."""
    switch.answers |= {
        "Originate": None,
        "QueueStatus": "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n",
    }
    async with Client.connect(switch.account()) as client:
        with pytest.raises(SwitchUnreachable, match="no answer to Originate within"):
            await client.action("Originate", timeout=0.1)
        with pytest.raises(SwitchUnreachable, match="no end of the list from QueueStatus"):
            await client.listing("QueueStatus", timeout=0.1)
        late = dict(switch.actions[-1])["ActionID"]
        async with client.subscribe() as events:
            await switch.push(f"Event: QueueParams\r\nActionID: {late}\r\n\r\n".encode())
            assert (await client.action("Ping")).get("Ping") == "Pong"
            assert len(events) == 0
    assert switch.names().count("Originate") == 1


async def test_half_a_reply_and_then_the_end(switch):
    """A connection that ends within a reply fails what waits for it, and everything after."""
    switch.answers["QueueStatus"] = switch.answers["QueueStatus"][:300]
    async with no_task_left(), Client.connect(switch.account()) as client:
        asking = asyncio.gather(client.listing("QueueStatus"), client.action("Silent"), return_exceptions=True)
        switch.answers["Silent"] = None
        await until(lambda: len(switch.actions) == 3)
        switch.writer.close()
        for error in await asking:
            assert isinstance(error, SwitchUnreachable)
            assert "the switch closed the connection" in str(error)
        with pytest.raises(SwitchUnreachable, match="closed the connection"):
            await client.action("Ping")
        async with client.subscribe() as events:
            with pytest.raises(SwitchUnreachable):
                await anext(events)
    assert switch.connections == 1


async def test_a_silent_switch_is_noticed(switch):
    """Without an answer to a ping within the interval the connection ends, and whoever waits is told why."""
    switch.answers |= {"Ping": None, "Silent": None}
    async with (
        no_task_left(),
        Client.connect(switch.account(), ping_interval=0.1) as client,
        client.subscribe() as events,
    ):
        with pytest.raises(SwitchUnreachable, match="no sign of life"):
            await client.action("Silent", timeout=5)
        with pytest.raises(SwitchUnreachable, match="no sign of life"):
            await anext(events)


async def test_answered_pings_keep_the_connection(switch):
    """A switch that answers is left alone."""
    async with Client.connect(switch.account(), ping_interval=0.01) as client:
        await until(lambda: switch.names().count("Ping") >= 5)
        await client.action("Ping")


async def test_on_bytes_gets_every_byte_before_it_is_parsed(switch):
    """The journal holds the stream exactly, and a message is seen only when it is in there."""
    journal = bytearray()
    async with (
        Client.connect(switch.account(), on_bytes=journal.extend) as client,
        client.subscribe() as events,
    ):
        await switch.push(switch.call[:5000])
        await switch.push(b"\xff\xfe" + switch.call[5000:])
        seen = [await anext(events) for _ in range(80)]
        assert "\r\n".join(seen[-1].lines).encode() in bytes(journal)
        await client.action("Ping")
    assert switch.call[:5000] + b"\xff\xfe" + switch.call[5000:] in bytes(journal)


@pytest.mark.filterwarnings("ignore")
async def test_a_journal_that_cannot_write_ends_the_connection(switch):
    """What could not be kept must not be acted on."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    full = False

    def journal(_data):
        if full:
            raise OSError("no space left")

    async with Client.connect(switch.account(), on_bytes=journal) as client, client.subscribe() as events:
        full = True
        await switch.push(switch.call)
        with pytest.raises(SwitchUnreachable, match="no space left"):
            await anext(events)


async def test_subscribers_get_what_they_named_in_order(switch):
    """Names in any case; none means all; the reply to an action is nobody's event."""
    async with (
        Client.connect(switch.account()) as client,
        client.subscribe("agentconnect", "QueueCallerJoin") as some,
        client.subscribe() as every,
    ):
        await switch.push(switch.call)
        joined = await some.next_matching(lambda m: True, 1)
        connected = await some.next_matching(lambda m: m.get("Queue") == "q1", 1)
        assert [joined.event, connected.event] == ["QueueCallerJoin", "AgentConnect"]
        await every.next_matching(lambda m: m.event == "AgentComplete", 1)
        with pytest.raises(EventTimeoutError, match=r"within 0\.05 s; 0 others did \(agentconnect"):
            await some.next_matching(lambda m: True, 0.05)


async def test_a_failing_consumer_harms_nobody(switch):
    """An exception in one consumer leaves the connection and the other consumer as they were."""
    async with Client.connect(switch.account()) as client, client.subscribe() as steady:
        async with client.subscribe() as broken:
            await switch.push(switch.call)
            with pytest.raises(ZeroDivisionError):
                await broken.next_matching(lambda m: 1 / 0, 1)
        await steady.next_matching(lambda m: m.event == "AgentComplete", 1)
        assert (await client.action("Ping")).response == "Success"


async def test_a_slow_consumer_stops_the_reading_and_loses_nothing(switch):
    """Far more than the limit: the queue stays bounded, the switch is held up, every event arrives."""
    flood, sent = switch.call * 300, (b"\r\n" + switch.call).count(b"\r\nEvent: ") * 300
    received = most = 0

    def count(data):
        nonlocal received
        received += len(data)

    async with (
        Client.connect(switch.account(), on_bytes=count) as client,
        client.subscribe(maxsize=100) as events,
    ):
        pushing = asyncio.create_task(switch.push(flood))
        await until(lambda: len(events) >= 100)
        await asyncio.sleep(0.05)
        assert received < len(flood) / 4
        for n in range(sent):
            most = max(most, len(events))
            await anext(events)
            if n % 50 == 0:
                await asyncio.sleep(0)
        await pushing
        assert len(events) == 0
    # One read is at most 256 KiB.
    assert most <= 100 + 256 * 1024 / len(flood) * sent * 1.1


async def test_a_consumer_behind_its_limit_can_still_ask(switch):
    """Reading goes on while an action waits, or the consumer would wait for itself."""
    async with Client.connect(switch.account()) as client, client.subscribe(maxsize=10) as events:
        await switch.push(switch.call * 3)
        await anext(events)
        assert (await client.action("Ping", timeout=1)).get("Ping") == "Pong"


async def test_a_full_queue_is_no_silent_switch(switch):
    """While reading is stopped no ping is sent: its answer could not be seen."""
    async with Client.connect(switch.account(), ping_interval=0.02) as client:
        async with client.subscribe(maxsize=10) as events:
            await switch.push(switch.call)
            await until(lambda: len(events) >= 10)
            pings = switch.names().count("Ping")
            await asyncio.sleep(0.1)
            assert switch.names().count("Ping") <= pings + 1
        assert (await client.action("Ping")).response == "Success"


async def test_leaving_ends_other_iterations_quietly(switch):
    """A consumer that still iterates when the client is closed just ends."""
    async with Client.connect(switch.account()) as client:

        async def consume():
            async with client.subscribe() as events:
                return [event.event async for event in events]

        task = asyncio.create_task(consume())
        await asyncio.sleep(0)
    assert await asyncio.wait_for(task, 1) == []


async def test_fully_booted_is_told_or_missed(switch):
    """The event that follows a login is kept for who asks later; without it the wait ends."""
    async with Client.connect(switch.account(), events=True) as client:
        assert ["Events", "on"] in switch.actions[0]
        with pytest.raises(SwitchUnreachable, match="not fully booted"):
            await client.fully_booted(0.05)
        await switch.push(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        await client.fully_booted(1)


async def test_a_cancelled_owner_leaves_nothing_open(switch):
    """Cancelling the task that holds the client logs off and closes."""

    async def own():
        async with Client.connect(switch.account()):
            await asyncio.Event().wait()

    async with no_task_left():
        task = asyncio.create_task(own())
        await switch.connected.wait()
        await until(lambda: switch.actions)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await switch.gone.wait()
    assert switch.names() == ["Login", "Logoff"]


async def test_a_switch_that_ignores_the_logoff_is_left_after_a_second(switch):
    """Closing does not depend on the other side."""
    switch.answers["Logoff"] = None
    loop = asyncio.get_running_loop()
    async with no_task_left(), Client.connect(switch.account()):
        start = loop.time()
    assert 0.5 < loop.time() - start < 4
