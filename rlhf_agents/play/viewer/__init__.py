"""The window: watch an agent, play against it, and see how it decides.

Data flows one way: `match` (the game and its players) asks `analysis` (searches in threads),
`scene_builder` turns it into a `scene` (all that is shown, as plain data), `layout` places it, and
`painter` draws it. `app` reacts to mouse, keys and time; `window` passes events to it, and
`recording` drives it with its own clock. Only `window` needs a display.
"""
