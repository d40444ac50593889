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
