
/* The question that is asked now */

const ask = find("#ask");
const examples = new Map(data.examples);
const EXAMPLES_SHOWN = 2, LEAST_SHOWN = 320, MOST_ENLARGED = 3;
let asking = -1, marks = new Map();

const nameOf = (at) => classes[at][1];

function named(at) {
  const [, name, others] = classes[at];
  return [text(name), others ? make("small", {}, text(others)) : null];
}

/* A picture; a small one is not blown up beyond recognition where it has much room. */
function picture(found, alt) {
  if (typeof found === "string") {
    const made = Object.assign(webp(found, alt), { decoding: "sync" });
    made.addEventListener("load", () => {
      made.style.maxWidth = `${Math.max(LEAST_SHOWN, MOST_ENLARGED * made.naturalWidth)}px`;
      made.style.maxHeight = `${Math.max(LEAST_SHOWN, MOST_ENLARGED * made.naturalHeight)}px`;
    });
    return made;
  }
  return make("span", { className: "none" }, `No picture: ${found.missing.replaceAll("_", " ")}`);
}

function button(key, words, number, act, at) {
  const made = make("button", { type: "button", className: "answer" }, make("kbd", {}, key),
    make("span", { className: "name" }, ...words), make("span", { className: "number" }, number ?? ""));
  made.addEventListener("click", act);
  if (at !== undefined) {
    for (const event of ["pointerenter", "focus"]) made.addEventListener(event, () => showExamples(at));
  }
  return made;
}

const options = (one) => (kind === "lists" ? [...marks.keys()] : one.options.map(([at]) => at));

function valueOf(one, at) {
  const place = one.given.indexOf(at);
  return place >= 0 ? one.quality[place] : one.options.find(([other]) => other === at)?.[1] ?? null;
}

function offered(one) {
  return options(one).map((at, place) => {
    const right = marks.get(at), key = place < 9 ? String(place + 1) : "";
    const words = kind === "lists" && one.given.includes(at)
      ? [...named(at), make("small", {}, "given")] : named(at);
    const made = button(key, words, fixed(valueOf(one, at), 2), () => pick(place), at);
    if (kind === "lists") made.setAttribute("aria-pressed", String(right));
    return made;
  });
}

function drawAnswers() {
  const one = questions[asking];
  const another = kind === "each" ? [] : [button("/", ["another class …"], "", beginSearch)];
  const yes = { single: "Yes, it is", lists: "These are right", each: "Yes" }[kind];
  const no = { single: "none of the classes", lists: "none of them", each: "No" }[kind];
  const keepIt = button("⏎", [yes], "", keepLabel);
  keepIt.classList.add("keep");
  another[0]?.classList.add("apart");
  const list = kind === "each" ? [] : offered(one);
  const rather = kind === "single" && list.length ? make("p", { className: "quiet" }, "Or rather") : null;
  const parts = kind === "lists" ? [...list, ...another, keepIt] : [keepIt, rather, ...list, ...another];
  find(".answers", ask).replaceChildren(...parts.filter(Boolean), button("d", [no], "", drop));
}

function showExamples(at) {
  const one = questions[asking];
  const first = kind === "lists" ? at ?? one.given[0] : one.given[0];
  const shown = [...new Set([first, at ?? one.options[0]?.[0]])].filter((other) => examples.has(other));
  find(".examples", ask).replaceChildren(...shown.slice(0, EXAMPLES_SHOWN).map((other) => make("figure", {},
    make("figcaption", {}, "Good examples of ", text(nameOf(other))),
    make("div", {}, ...examples.get(other).map((sample) => picture(good[sample], nameOf(other)))))));
}

function drawQuestion(q) {
  const one = questions[q], definition = classes[one.given[0]][3];
  asking = q;
  marks = new Map([...one.given.map((at) => [at, true]), ...one.options.map(([at]) => [at, false])]);
  const single = kind !== "lists";
  find(":scope > figure", ask).replaceChildren(picture(pictures[one.picture], single ? `labelled ${nameOf(one.given[0])}` : ""));
  find(".is", ask).hidden = !single;
  find("h1", ask).replaceChildren(...(single ? named(one.given[0]).filter(Boolean) : ["What is in the picture?"]));
  find(".definition", ask).textContent = single ? definition : "";
  const [value] = one.quality;
  find(".quality", ask).replaceChildren(...(single && value !== null
    ? [meter(value), fixed(value, 2), ISSUES[one.issue] ?? ""] : []));
  find(".quality .meter", ask)?.classList.add(value < 1 / 3 ? "bad" : value < 2 / 3 ? "doubtful" : "fine");
  find(".caption", ask).replaceChildren(...(one.caption ? ["“", text(one.caption), "”"] : []));
  find(".key", ask).replaceChildren("key ", text(one.shown));
  drawAnswers();
  showExamples();
}
const ISSUES = { relabel: " · likely another", outlier: " · likely none" };
