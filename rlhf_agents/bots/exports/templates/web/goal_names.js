// What the names of goals mean, so that a page needs no goal table of its own.
"use strict";

/** Split `win_by_18` into kind `win_by` and number 18; plain names have the number 0. */
function goalMeaning(name) {
  const [, kind, number] = /^(.*?)(?:_(\d+))?$/.exec(name);
  return { kind, number: Number(number || 0) };
}
