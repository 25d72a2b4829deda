from tests.games.game_contract import GameContract


class TestOthello(GameContract):
    name = "othello"
    perft = (4, 12, 56, 244, 1396, 8200, 55092, 390216, 3005288)
    deadlines = frozenset({"close"})
    thresholds = frozenset({"margin", "deficit", "corners"})


class TestOthello6x6(TestOthello):
    name = "othello_6x6"
    perft = (4, 12, 56, 244)
