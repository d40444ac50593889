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

/* One sample, large */

const dialog = find("dialog");
let showing = { list: [], at: 0, from: null };

function facts(rows) {
  return rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, text(value))));
}

function show() {
  const { list, at } = showing;
  const [sample, given] = [samples[list[at][0]], list[at][1]];
  find(".picture", dialog).replaceChildren(picture(list[at][0], `labelled ${classes[given].name}`));
  const { kind } = sample.of[given];
  find("h2", dialog).replaceChildren(text(classes[given].name),
    ...(kind === "relabel" ? [make("span", { className: "arrow" }, " → "), text(sample.fits)] : []),
    ...(kind === "outlier" ? [make("span", { className: "arrow" }, " fits no class")] : []));
  find(".caption", dialog).replaceChildren(sample.caption ? text(sample.caption) : "");
  find("[role=status]", dialog).textContent = `${at + 1} of ${list.length}`;
  find(".facts", dialog).replaceChildren(...facts(sample.facts));
  find("[rel=prev]", dialog).disabled = at === 0;
  find("[rel=next]", dialog).disabled = at === list.length - 1;
}

function open(list, at, from) {
  showing = { list, at, from };
  show();
  dialog.showModal();
  dialog.scrollTop = 0;
}

function step(by) {
  const at = showing.at + by;
  if (at >= 0 && at < showing.list.length) {
    showing.at = at;
    show();
  }
}

find("[rel=prev]", dialog).addEventListener("click", () => step(-1));
find("[rel=next]", dialog).addEventListener("click", () => step(1));
find("[rel=close]", dialog).addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => showing.from?.focus());

/* The table of classes */

const body = find("#table tbody");
const order = { by: "share", down: true, most: FIRST };
const KEYS = {
  name: (one) => one.name.toLowerCase(),
  confused: (one) => one.confused[0]?.[1] ?? 0,
};
let listed = classes.map((_, at) => at);

function confusion(one) {
  if (!one.confused.length) return [];
  const [other, times] = one.confused[0];
  return ["→ ", text(nameOf(other)), ` ${count(times)}`];
}

function row(at) {
  const one = classes[at];
  const same = one.name === one.label;
  const head = make("th", { scope: "row" },
    make("a", { href: address(at) }, text(one.name)),
    same ? null : make("small", {}, text(one.label)),
    make("span", { className: "sub" }, ...confusion(one)),
  );
  const made = make("tr", {}, head,
    make("td", { className: "number" }, count(one.rows)),
    make("td", { className: "number" }, count(one.flagged)),
    make("td", { className: "share" }, meter(one.share ?? 0), percent(one.share)),
    make("td", { className: "number" }, fixed(one.quality, 2)),
    make("td", { className: "confusion" }, ...confusion(one)),
  );
  made.addEventListener("click", (event) => {
    if (!event.target.closest("a")) location.hash = address(at);
  });
  return made;
}

function matches(one, words) {
  const said = `${one.name} ${one.label} ${one.confused.length ? nameOf(one.confused[0][0]) : ""}`;
  return said.toLowerCase().includes(words);
}

function list() {
  const words = find("#filter").value.trim().toLowerCase();
  listed = classes.map((_, at) => at).filter((at) => matches(classes[at], words));
  const key = KEYS[order.by] ?? ((one) => one[order.by] ?? -1);
  const compared = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
  listed.sort((a, b) => (order.down ? -1 : 1) * compared(key(classes[a]), key(classes[b])) || a - b);
  const rows = listed.slice(0, order.most);
  body.replaceChildren(...rows.map(row));
  find("#shown").textContent = words ? `${count(listed.length)} of ${count(classes.length)}` : data.note;
  const rest = listed.length - rows.length;
  find("#more").hidden = !rest;
  find("#more").textContent = rest > MORE ? `Show ${MORE} more of ${count(rest)}` : `Show all ${count(listed.length)}`;
}

for (const button of document.querySelectorAll("thead button")) {
  button.addEventListener("click", () => {
    const { by } = button.dataset;
    order.down = order.by === by ? !order.down : by !== "name" && by !== "quality";
    order.by = by;
    for (const head of document.querySelectorAll("thead th")) head.removeAttribute("aria-sort");
    button.closest("th").setAttribute("aria-sort", order.down ? "descending" : "ascending");
    list();
  });
}
find("#filter").addEventListener("input", list);
find("#more").addEventListener("click", () => {
  const before = order.most;
  order.most += MORE;
  list();
  body.rows[before]?.querySelector("a").focus({ preventScroll: true });
});

/* One class */

function links(title, pairs, said) {
  if (!pairs.length) return [];
  const item = ([other, value]) => make("li", {}, make("a",
    typeof other === "number" ? { href: address(other) } : {},
    text(nameOf(other)), make("small", {}, said(value))));
  return [make("div", {}, title && make("h2", {}, title), make("ul", {}, ...pairs.map(item)))];
}

function figures(one) {
  const failed = one.rows - one.judged;
  return [
    ["Images", count(one.rows), failed ? `${count(failed)} without features` : ""],
    ["Flagged", count(one.flagged), `${count(one.relabel)} fit another class, ${count(one.outlier)} fit none`],
    ["Look wrong", percent(one.wrong), "of the labels, by estimate"],
    ["Mean quality", fixed(one.quality, 2), ""],
    ["Mean weight", fixed(one.weight, 2), ""],
  ].filter(([name]) => name !== "Look wrong" || one.wrong !== null);
}

function showClass(at) {
  const one = classes[at], page = find("#class");
  find("h1 bdi", page).textContent = one.name;
  find(".kicker bdi", page).textContent = one.name === one.label ? "class" : one.label;
  find(".figures", page).replaceChildren(...figures(one).map(([name, number, note]) => make("div", {},
    make("dt", {}, name), make("dd", {}, make("b", {}, number), make("span", {}, note)))));
  find(".others", page).replaceChildren(
    ...links("What its images show instead", one.confused, count),
    ...links("Nearest by the graph", one.near, (S) => S.toFixed(2)),
  );
  for (const [name, chosen] of [["suspects", one.suspects], ["good", one.good]]) {
    const section = find(`.${name}`, page);
    section.hidden = !chosen.length;
    gallery(find(".gallery", section), chosen.map((sample) => [sample, at]));
  }
  const place = listed.indexOf(at);
  for (const [rel, other] of [["prev", listed[place - 1]], ["next", listed[place + 1]]]) {
    const link = find(`[rel=${rel}]`, page);
    if (place >= 0 && other !== undefined) {
      link.href = address(other);
      link.removeAttribute("aria-disabled");
    } else {
      link.removeAttribute("href");
      link.setAttribute("aria-disabled", "true");
    }
  }
}

/* Where we are: #class-N shows a class, all else the overview */

let scrolled = 0, cameFrom = null;

function route() {
  const chosen = Number(/^#class-(\d+)$/.exec(location.hash)?.[1] ?? 0) - 1;
  const there = chosen >= 0 && chosen < classes.length;
  if (dialog.open) dialog.close();
  if (there) {
    if (!find("#overview").hidden) scrolled = scrollY;
    showClass(chosen);
  }
  find("#overview").hidden = there;
  find("#class").hidden = !there;
  document.title = there ? `${classes[chosen].name} · ${data.title}` : data.title;
  if (there) {
    cameFrom = address(chosen);
    scrollTo(0, 0);
    find("#class h1").focus({ preventScroll: true });
  } else if (cameFrom) {
    scrollTo(0, scrolled);
    body.querySelector(`a[href="${cameFrom}"]`)?.focus({ preventScroll: true });
  }
}
addEventListener("hashchange", route);

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (dialog.open) {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  } else if (event.key === "/" && event.target.tagName !== "INPUT" && !find("#overview").hidden) {
    event.preventDefault();
    find("#filter").focus();
  } else if (!find("#class").hidden) {
    if (event.key === "Escape") location.hash = "#classes";
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (rel) find(`#class [rel=${rel}][href]`)?.click();
  }
});

/* The heat map: alpha is the relation */

function heatmap(frame) {
  const { shown, low, high } = data.map;
  const image = find("img", frame), [across, down] = [find(".row", frame), find(".column", frame)];
  let values = null, cell = [0, 0];
  const read = () => {
    const canvas = make("canvas", { width: shown.length, height: shown.length });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    values = context.getImageData(0, 0, shown.length, shown.length).data;
  };
  const say = (row, column) => {
    if (!values) return;
    cell = [row, column];
    const size = 100 / shown.length;
    Object.assign(across.style, { top: `${row * size}%`, height: `${size}%` });
    Object.assign(down.style, { left: `${column * size}%`, width: `${size}%` });
    const alpha = values[4 * (row * shown.length + column) + 3];
    const S = low + (high - low) * (alpha - 1) / 254;
    const one = classes[shown[row]];
    find("#cell").replaceChildren(make("b", {}, text(one.name)), ...(row === column ? [] : [
      " and ", make("b", {}, text(classes[shown[column]].name)), alpha ? `: ${S.toFixed(2)}` : ": not known"]));
    find("#near").replaceChildren(...links(null, one.near, (value) => value.toFixed(2)));
  };
  image.decode().then(() => {
    read();
    const nearest = shown.indexOf(classes[0].near[0]?.[0]);
    if (shown.includes(0) && nearest >= 0) say(shown.indexOf(0), nearest);
  });
  const limit = (x) => Math.max(0, Math.min(shown.length - 1, x));
  frame.addEventListener("pointermove", (event) => {
    const box = image.getBoundingClientRect();
    const place = (at, from, size) => limit(Math.floor((at - from) / size * shown.length));
    say(place(event.clientY, box.top, box.height), place(event.clientX, box.left, box.width));
  });
  frame.addEventListener("keydown", (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (by) {
      event.preventDefault();
      say(limit(cell[0] + by[0]), limit(cell[1] + by[1]));
    } else if (event.key === "Enter") {
      location.hash = address(shown[cell[0]]);
    }
  });
  frame.addEventListener("click", () => { location.hash = address(shown[cell[0]]); });
}

/* The first look */

for (const figure of document.querySelectorAll(".plots figure")) {
  const said = find("output", figure), before = said.textContent;
  figure.addEventListener("pointerover", (event) => {
    said.textContent = event.target.closest("rect[aria-label]")?.getAttribute("aria-label") ?? before;
  });
  figure.addEventListener("pointerleave", () => { said.textContent = before; });
}

const worst = classes
  .map((one, at) => [one.suspects.find((sample) => typeof pictures[sample] === "string"), at])
  .filter(([sample]) => sample !== undefined)
  .slice(0, WORST);
find("#worst").hidden = !worst.length;
gallery(find("#worst .gallery"), worst, true);

const most = Math.max(1, ...data.pairs.map(([, , times]) => times));
find("#confusions").hidden = !data.pairs.length;
find(".confusions").replaceChildren(...data.pairs.map(([given, other, times]) => make("li", {},
  make("a", typeof given === "number" ? { href: address(given) } : {},
    make("span", {}, text(nameOf(given)), make("span", { className: "arrow" }, " → "), text(nameOf(other))),
    make("span", { className: "quiet" }, count(times)), meter(times / most)))));

const frame = find(".map .frame");
if (frame) heatmap(frame);
list();
route();
