
/* The first look */

function begin(name) {
  store(STORE, name);
  const read = recall(name);
  took = [];
  show();
  if (!read) say("What this browser kept of your answers cannot be read; open your saved file instead.");
}

function showStart() {
  view("start");
  find("#start h1 bdi").textContent = data.crawl;
  const what = { single: "images, each with its label", lists: "images, each with its labels", each: "labels of images" }[kind];
  find("#asked").textContent = `${count(questions.length)} ${what}. ${data.chosen}`;
  find("#name").value = by || data.by;
  find("#people").replaceChildren(...people().map(([name, answers]) => {
    const made = make("button", { type: "button", className: "plain" }, text(name), ` · ${count(answers)}`);
    made.addEventListener("click", () => begin(name));
    return made;
  }));
  find("#name").focus();
}

find("#start form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = find("#name").value.trim().replace(/\s+/g, " ");
  if (name) begin(name);
  else find("#name").focus();
});
find("#open").addEventListener("change", (event) => {
  if (event.target.files[0]) openSaved(event.target.files[0]);
  event.target.value = "";
});
find("#who").addEventListener("click", showStart);
for (const id of ["save", "finish"]) find(`#${id}`).addEventListener("click", save);
find("#again").addEventListener("click", again);
find("#on").addEventListener("click", show);
find("#undo").addEventListener("click", undo);
find("#skip").addEventListener("click", skip);

/* Another tab with this page answered. */
addEventListener("storage", (event) => {
  if (by && event.key === `${STORE} ${by}` && recall(by) && find("#start").hidden) show();
});
addEventListener("beforeunload", (event) => {
  if (!keeps && changed) event.preventDefault();
});

document.title = `${data.crawl} · curate verify`;
find(".crawl bdi").textContent = data.crawl;
find(".crawl .quiet").textContent = data.strategy;
store(`${STORE} probe`, "");
try {
  localStorage.removeItem(`${STORE} probe`);
} catch {
  keeps = false;
}
const known = stored(STORE);
if (known) begin(known);
else showStart();
if (!keeps) say(LOST);
