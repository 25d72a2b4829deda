"""The first road of HFDQN: a game with exact rules, learnt by self-play."""
