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
    make("td", { className: "number" }, one.judged ? count(one.flagged) : "–"),
    make("td", { className: "share" }, one.share === null ? null : meter(one.share), percent(one.share)),
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
    one.judged ? ["Flagged", count(one.flagged), `${count(one.relabel)} fit another class, ${count(one.outlier)} fit none`]
      : ["Flagged", "–", "not judged"],
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
    const list = chosen.map((sample) => [sample, at]), shown = find(".gallery", section);
    if (name === "suspects") chips(find(".chips", section), byKind(list), (part) => gallery(shown, part));
    else gallery(shown, list);
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
