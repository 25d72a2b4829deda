"""Replay buffers of transitions: hindsight, masks, n-step returns, priorities."""
