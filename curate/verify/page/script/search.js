
/* Choosing a class by typing */

const MOST_FOUND = 60;
const search = find("#search"), line = find("input", search), found = find("#found");
const fold = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const folded = classes.map(([label, name, others]) => fold(`${name}${others && `, ${others}`}\n${label}`));
const isWord = (letter) => letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);
let highlighted = 0;

/* 0: a line begins with the words; 1: they are whole words; 2: a word begins with them; 3: elsewhere. */
function rank(said, wanted) {
  let best = 4;
  for (let at = said.indexOf(wanted); at >= 0; at = said.indexOf(wanted, at + 1)) {
    const before = said[at - 1], begins = !isWord(before);
    if (before === undefined || before === "\n") return 0;
    best = Math.min(best, begins && !isWord(said[at + wanted.length]) ? 1 : begins ? 2 : 3);
    if (!wanted) break;
  }
  return best;
}

/* All classes that hold the words; those that were suggested come first. */
function matching(words) {
  const wanted = fold(words.trim()), first = options(questions[asking]);
  const place = (at) => (first.includes(at) ? first.indexOf(at) : first.length);
  return folded.flatMap((said, at) => (said.includes(wanted) ? [[place(at), rank(said, wanted), nameOf(at), at]] : []))
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2].localeCompare(b[2]) || a[3] - b[3])
    .map(([, , , at]) => at);
}

function listFound() {
  const all = matching(line.value);
  found.replaceChildren(...all.slice(0, MOST_FOUND).map((at, place) => {
    const item = make("li", { id: `found-${place}`, role: "option" }, ...named(at).filter(Boolean));
    item.addEventListener("click", () => take(at));
    item.dataset.at = at;
    return item;
  }));
  const more = all.length - MOST_FOUND;
  if (more > 0) found.append(make("li", { className: "quiet" }, `and ${count(more)} more`));
  if (!all.length) found.append(make("li", { className: "quiet" }, "No class has these letters."));
  highlight(0);
}

function highlight(place) {
  const items = found.querySelectorAll("[role=option]");
  highlighted = Math.max(0, Math.min(items.length - 1, place));
  items.forEach((item, at) => item.setAttribute("aria-selected", String(at === highlighted)));
  items[highlighted]?.scrollIntoView({ block: "nearest" });
  line.setAttribute("aria-activedescendant", items.length ? `found-${highlighted}` : "");
}

function beginSearch() {
  find("#question").hidden = true;
  search.hidden = false;
  line.value = "";
  line.focus();
  listFound();
}

function leaveSearch() {
  if (search.hidden) return;
  search.hidden = true;
  find("#question").hidden = false;
  find("h1", ask).focus({ preventScroll: true });
}

function take(at) {
  leaveSearch();
  if (kind === "lists") {
    marks.set(at, true);
    drawAnswers();
  } else {
    answer(at);
  }
}

line.addEventListener("input", listFound);
find("button", search).addEventListener("click", leaveSearch);
line.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) {
    event.preventDefault();
    highlight(highlighted + by);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const chosen = found.querySelector("[aria-selected=true]");
    if (chosen) take(Number(chosen.dataset.at));
  } else if (event.key === "Escape") {
    event.preventDefault();
    leaveSearch();
  }
  event.stopPropagation();
});
