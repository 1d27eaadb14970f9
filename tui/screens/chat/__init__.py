"""The chat: the screen, its commands, the kept conversations, and the work it gives to the engine."""
