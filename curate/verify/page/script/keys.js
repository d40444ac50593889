
/* Keys and buttons, as in the terminal */

const SUGGESTIONS = 5, MARKS = 9;
const DO = { keep: keepLabel, drop, search: () => kind !== "each" && beginSearch(), skip, undo, finish: showEnd };
const KEYS = [
  ["keep", ["Enter", "k", " ", ...(kind === "each" ? ["y"] : [])], "⏎", { single: "keep the label", lists: "accept what is marked", each: "yes" }],
  ["pick", [], `1–${kind === "lists" ? MARKS : SUGGESTIONS}`, { single: "it is this class instead", lists: "mark or unmark a label" }],
  ["search", ["/", "l"], "/", { single: "another class", lists: "another class" }],
  ["drop", ["d", "x", ...(kind === "each" ? ["n"] : [])], "d", { single: "none of the classes", lists: "none of them", each: "no" }],
  ["skip", ["s", "ArrowRight"], "s", { single: "skip", lists: "skip", each: "skip" }],
  ["undo", ["u", "ArrowLeft", "Backspace"], "u", { single: "undo", lists: "undo", each: "undo" }],
  ["finish", ["q"], "q", { single: "stop and save", lists: "stop and save", each: "stop and save" }],
];
const BY_KEY = new Map(KEYS.flatMap(([action, keys]) => keys.map((key) => [key, action])));
const OF_END = { u: undo, ArrowLeft: undo, Backspace: undo, q: () => show(), Escape: () => show() };

find("#keys").replaceChildren(...KEYS.filter(([, , , says]) => says[kind]).map(([, , shown, says]) =>
  make("div", {}, make("dt", {}, make("kbd", {}, shown)), make("dd", {}, says[kind]))));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const { tagName } = event.target;
  if (tagName === "INPUT" || (tagName === "BUTTON" && [" ", "Enter"].includes(event.key))) return;
  if (!find("#end").hidden && OF_END[event.key]) {
    event.preventDefault();
    OF_END[event.key]();
  } else if (!ask.hidden) {
    const action = BY_KEY.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!action && !/^[1-9]$/.test(event.key)) return;
    event.preventDefault();
    if (action) DO[action]();
    else pick(Number(event.key) - 1);
  }
});

/* After a click with the mouse the keys are the page's again, and not those of the button. */
addEventListener("click", (event) => {
  if (event.detail && document.activeElement?.tagName === "BUTTON") document.activeElement.blur();
});
