"""The call-flow graph, one for everyone: dialplan, simulator, test calls and picture all read it."""
