"""The window: watch, play and question an agent.

Data flows one way: `match` (the game and its players) asks `analysis` (search, off the drawing
thread), `scene_builder` makes a `scene` of it (what there is to show), `layout` says where, and
`painter` draws it; `app` is what mouse, keys and time do; `window` feeds it events, `recording`
with a clock of its own. Only `window` needs a display.
"""
