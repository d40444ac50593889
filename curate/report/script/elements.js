"use strict";

/* Elements and numbers, for every page */

const readJson = (id) => JSON.parse(document.getElementById(id).textContent);
const find = (selector, from = document) => from.querySelector(selector);
const count = (n) => n.toLocaleString("en");
const percent = (x) => (x === null ? "–" : `${Math.round(100 * x)}%`);
const fixed = (x, digits) => (x === null ? "–" : x.toFixed(digits));

/* Make an element; children are elements or text, never markup. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}
const text = (words) => make("bdi", {}, words);
const webp = (data, alt) => make("img", { src: `data:image/webp;base64,${data}`, alt, decoding: "async" });

function meter(share) {
  const filled = make("i");
  filled.style.width = `${100 * Math.min(share, 1)}%`;
  return make("span", { className: "meter" }, filled);
}
