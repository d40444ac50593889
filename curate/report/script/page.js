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

function card(at, given, list, named) {
  const sample = samples[at];
  const { quality, kind } = sample.of[given];
  const fits = kind === "outlier" ? "fits no class" : sample.fits;
  const words = make("span", { className: "words" },
    make("span", { className: "given" }, named ? text(classes[given].name) : text(sample.key)),
    make("span", { className: "quality", title: "quality" }, small(quality)),
    kind && fits
      ? make("span", { className: `fits ${kind}` }, kind === "relabel" ? "→ " : "", text(fits))
      : null,
  );
  const frame = make("span", { className: "frame" }, picture(at, `labelled ${classes[given].name}`));
  const button = make("button", { className: "card", type: "button" }, frame, words);
  button.addEventListener("click", () => open(list, list.findIndex((one) => one[0] === at), button));
  return button;
}

function gallery(parent, list, named = false) {
  parent.replaceChildren(...list.map(([at, given]) => card(at, given, list, named)));
}
