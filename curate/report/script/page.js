"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const pictures = JSON.parse(document.getElementById("pictures").textContent);
const { classes, samples } = data;
const FIRST = 25, MORE = 250, WORST = 12;

const find = (selector, from = document) => from.querySelector(selector);
const count = (n) => n.toLocaleString("en");
const percent = (x) => (x === null ? "–" : `${Math.round(100 * x)}%`);
const fixed = (x, digits) => (x === null ? "–" : x.toFixed(digits));
const small = (x) => (x !== null && x < 0.0005 ? "< 0.001" : fixed(x, 3));

/* Make an element; children are elements or text, never markup. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}
const text = (words) => make("bdi", {}, words);
const nameOf = (at) => (typeof at === "number" ? classes[at].name : at);
const address = (at) => `#class-${at + 1}`;

function meter(share) {
  const filled = make("i");
  filled.style.width = `${100 * Math.min(share, 1)}%`;
  return make("span", { className: "meter" }, filled);
}

/* Pictures */

function picture(at, alt) {
  const found = pictures[at];
  if (typeof found !== "string") {
    const why = `No picture: ${found.missing.replaceAll("_", " ")}`;
    return make("span", { className: "none" }, make("small", {}, why), text(samples[at].caption));
  }
  return make("img", { src: `data:image/webp;base64,${found}`, alt, decoding: "async" });
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
