/* One sample, large */

const dialog = find("dialog");
const GOOD = 3;
let showing = { list: [], at: 0, from: null };

function facts(rows) {
  return rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, text(value))));
}

/* What the given class and the suggested one look like, if they are listed. */
function showExamples(shown, around) {
  const listed = [...new Set(around)].filter((at) => typeof at === "number").slice(0, 2);
  const seen = (sample) => sample !== shown && typeof pictures[sample] === "string";
  const found = listed.map((at) => [at, classes[at].good.filter(seen).slice(0, GOOD)]).filter(([, good]) => good.length);
  find(".examples", dialog).replaceChildren(...found.map(([at, good]) => make("figure", {},
    make("figcaption", {}, "Good examples of ", text(classes[at].name)),
    make("div", {}, ...good.map((sample) => picture(sample, classes[at].name))))));
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
  showExamples(list[at][0], [given, ...sample.others]);
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
