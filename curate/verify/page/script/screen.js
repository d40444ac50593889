
/* What is on the screen: the start, a question, or the end */

const RECENT = 20, LOST = "This browser keeps nothing for this page: it is a private window, or storage is switched"
  + " off or full. Closing or reloading the tab loses the answers that you have not saved as a file.";
let took = [], since = 0;

function say(words) {
  find("#notice").textContent = words;
  find("#notice").hidden = !words;
}

function view(id) {
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== id;
  find("#top").hidden = id === "start";
  find("#bottom").hidden = id === "start";
  find("#skip").hidden = id !== "ask";
}

function verdict(said, one) {
  if (said === SKIPPED) return SKIPPED;
  if (kind === "each") return said ? "kept" : "none";
  const right = kind === "lists" ? said : said === null ? [] : [said];
  if (!right.length) return "none";
  return right.length === one.given.length && right.every((at) => one.given.includes(at)) ? "kept" : "changed";
}

const WORDS = kind === "each" ? { kept: "yes", none: "no", skipped: "skipped" }
  : { kept: "kept", changed: "changed", none: "none", skipped: "skipped" };

function tally() {
  const counted = Object.fromEntries(Object.keys(WORDS).map((name) => [name, 0]));
  for (const { q, said } of acts) counted[verdict(said, questions[q])] += 1;
  return Object.entries(counted);
}

function speed(left) {
  if (!took.length || !left) return "";
  const each = [...took].sort((a, b) => a - b)[took.length >> 1] / 1000;
  const minutes = left * each / 60;
  return `· ${count(Math.round(60 / Math.max(each, 0.1)))} a minute, ${minutes < 1 ? "under a minute" : `${count(Math.round(minutes))} min`}`;
}

function drawCounts() {
  const left = questions.length - acts.length;
  find("#counts").textContent = `${count(acts.length)} of ${count(questions.length)}`;
  find("#speed").textContent = speed(left);
  find(".track i").style.width = `${100 * acts.length / questions.length}%`;
  find("#tally").replaceChildren(...tally().map(([name, n]) =>
    make("span", { className: name }, make("b", {}, count(n)), ` ${WORDS[name]}`)));
  find("#undo").disabled = !acts.length;
  find("#save").disabled = find("#finish").disabled = !answers().length;
  find("#save").classList.toggle("idle", !changed);
  find("#who").textContent = by;
  say(keeps ? "" : LOST);
}

function show() {
  leaveSearch();
  drawCounts();
  const q = current();
  if (q < 0) return showEnd();
  view("ask");
  drawQuestion(q);
  since = performance.now();
  find("#ask h1").focus({ preventScroll: true });
  scrollTo(0, 0);
}

function showEnd() {
  const skipped = acts.length - answers().length, left = questions.length - acts.length;
  view("end");
  drawCounts();
  find("#end h1").textContent = left ? `${count(left)} of ${count(questions.length)} are left` : skipped
    ? `Done, but for ${count(skipped)} skipped` : "All are answered";
  find("#end .figures").replaceChildren(...tally().map(([name, n]) =>
    make("div", {}, make("dt", {}, WORDS[name]), make("dd", {}, make("b", {}, count(n))))));
  find("#again").hidden = !skipped;
  find("#on").hidden = !left;
  find("#end h1").focus({ preventScroll: true });
}

/* What a person does */

function done(said) {
  took = [...took, performance.now() - since].slice(-RECENT);
  act(asking, said);
  show();
}

function answer(said) {
  const one = questions[asking];
  const words = { kept: "kept", none: kind === "each" ? "no" : "→ none of the classes" }[verdict(said, one)];
  const to = kind === "lists" ? said.map(nameOf).join(", ") : kind === "single" && said !== null ? nameOf(said) : "";
  const given = one.given.map(nameOf).join(", ");
  done(said);
  find("#last").replaceChildren(text(given), ` ${words ?? "→ "}`, words ? "" : text(to));
}

function keepLabel() {
  const one = questions[asking];
  answer({ single: () => one.given[0], each: () => true,
    lists: () => [...marks].filter(([, right]) => right).map(([at]) => at) }[kind]());
}

const drop = () => answer({ single: null, lists: [], each: false }[kind]);

function pick(place) {
  const at = options(questions[asking])[place];
  if (at === undefined || kind === "each") return;
  if (kind === "lists") {
    marks.set(at, !marks.get(at));
    drawAnswers();
  } else {
    answer(at);
  }
}

function skip() {
  done(SKIPPED);
  find("#last").textContent = "skipped";
}

function undo() {
  const last = takeBack();
  show();
  find("#last").textContent = last ? "undone" : "nothing to undo";
}

function again() {
  acts = answers();
  keep();
  show();
}
