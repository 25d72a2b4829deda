"""Cards beside the board, and pages that cover the window: the start, results, lists."""
