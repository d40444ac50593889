/* What the report shows */

const data = readJson("data");
const pictures = readJson("pictures");
const { classes, samples } = data;
const FIRST = 25, MORE = 250, WORST = 12;

const small = (x) => (x !== null && x < 0.0005 ? "< 0.001" : fixed(x, 3));
const nameOf = (at) => (typeof at === "number" ? classes[at].name : at);
const address = (at) => `#class-${at + 1}`;

/* Pictures */

function picture(at, alt) {
  const found = pictures[at];
  if (typeof found !== "string") {
    const why = `No picture: ${found.missing.replaceAll("_", " ")}`;
    return make("span", { className: "none" }, make("small", {}, why), text(samples[at].caption));
  }
  return webp(found, alt);
}

/* The quality of the one suggested label; of several there is none. */
const fitting = (sample) => (sample.fitting.length === 1 ? sample.fitting[0] : null);

function card(at, given, list, named) {
  const sample = samples[at];
  const { quality, kind } = sample.of[given];
  const fits = kind === "outlier" ? "fits no class" : sample.fits;
  const words = make("span", { className: "words" },
    make("span", { className: "given" }, named ? text(classes[given].name) : text(sample.key)),
    make("span", { className: "quality", title: "quality" }, small(quality)),
    ...(kind && fits
      ? [make("span", { className: `fits ${kind}` }, kind === "relabel" ? "→ " : "", text(fits)),
        make("span", { className: "quality", title: "its quality" }, kind === "relabel" ? small(fitting(sample)) : "")]
      : []),
  );
  const frame = make("span", { className: "frame" }, picture(at, `labelled ${classes[given].name}`));
  const button = make("button", { className: "card", type: "button" }, frame, words);
  button.addEventListener("click", () => open(list, list.findIndex((one) => one[0] === at), button));
  return button;
}

function gallery(parent, list, named = false) {
  parent.replaceChildren(...list.map(([at, given]) => card(at, given, list, named)));
}

/* Buttons above a gallery; each shows one of the kinds, which are [name, list], the whole first. */
function chips(parent, kinds, draw) {
  const [whole, ...parts] = kinds;
  const isWhole = (list) => list.length === whole[1].length && list.every(([one], at) => one === whole[1][at][0]);
  const shown = [whole, ...parts.filter(([, list]) => list.length && !isWhole(list))];
  parent.hidden = shown.length < 2;
  parent.replaceChildren(...shown.map(([name, list], at) => {
    const chip = make("button", { type: "button" }, text(name), make("small", {}, count(list.length)));
    chip.setAttribute("aria-pressed", String(at === 0));
    chip.addEventListener("click", () => {
      for (const other of parent.children) other.setAttribute("aria-pressed", String(other === chip));
      draw(list);
    });
    return chip;
  }));
  draw(whole[1]);
}

/* A gallery's list, and its parts by what the images likely are: [name, list]. */
function byKind(list) {
  const of = (wanted) => list.filter(([at, given]) => samples[at].of[given].kind === wanted);
  const classesOf = new Map();
  for (const one of of("relabel")) {
    const { fits } = samples[one[0]];
    if (fits) classesOf.set(fits, [...(classesOf.get(fits) ?? []), one]);
  }
  const often = [...classesOf].filter(([, some]) => some.length > 1).sort(([, a], [, b]) => b.length - a.length);
  return [["all", list], ["fit another class", of("relabel")], ["fit no class", of("outlier")],
    ...often.map(([fits, some]) => [`→ ${fits}`, some])];
}
