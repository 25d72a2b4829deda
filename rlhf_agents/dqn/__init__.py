"""The plain road of HFDQN: SB3's DQN, with action masks, hindsight and a learned world model."""
