from tests.games.game_contract import GameContract


class TestBreakthrough(GameContract):
    name = "breakthrough"
    perft = (22, 484, 11132, 256036)
    deadlines = frozenset({"win_by", "lose_by"})
    thresholds = frozenset({"keep", "take"})


class TestBreakthrough6x6(TestBreakthrough):
    name = "breakthrough_6x6"
    perft = (16, 256, 4308)
