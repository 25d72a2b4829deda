"""The window: watch an agent, play against it, and see how it decides.

Data flows one way: `game` (turns, players, their searches in threads) says how things stand,
`scene_builder` turns it into a `scene` (all that is shown, as plain data), `layout` places it, and
`painter` draws it, with `boards`, `panels` and `cards`. `app` reacts to mouse, keys and time;
`window` passes events to it, and `recording` drives it with its own clock. Only `window` needs a
display.
"""
