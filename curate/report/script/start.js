/* The first look */

for (const figure of document.querySelectorAll(".plots figure")) {
  const said = find("output", figure), before = said.textContent;
  figure.addEventListener("pointerover", (event) => {
    said.textContent = event.target.closest("rect[aria-label]")?.getAttribute("aria-label") ?? before;
  });
  figure.addEventListener("pointerleave", () => { said.textContent = before; });
}

/* The worst suspect of each class that is of this kind, and can be seen. */
const worst = (kind) => classes
  .map((one, at) => [one.suspects.find((sample) => typeof pictures[sample] === "string"
    && (!kind || samples[sample].of[at].kind === kind)), at])
  .filter(([sample]) => sample !== undefined)
  .slice(0, WORST);
find("#worst").hidden = !worst().length;
chips(find("#worst .chips"), [["any kind", worst()], ["fit another class", worst("relabel")], ["fit no class", worst("outlier")]],
  (list) => gallery(find("#worst .gallery"), list, true));

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
