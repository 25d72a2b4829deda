"""The second road of HFDQN: SB3's DQN on any environment, with masks, hindsight and a learned model."""
