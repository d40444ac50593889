
/* Answers, in the order in which they were given, and how the browser keeps them */

const data = readJson("data"), pictures = readJson("pictures"), good = readJson("good");
const { questions, classes, kind } = data;
const STORE = `curate verify ${data.id}`, SKIPPED = "skipped";

/* acts: {q, said, time}; said is SKIPPED or, by kind: a class or null; classes; whether it is right. */
let by = "", acts = [], changed = 0, keeps = true;

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    keeps = false;
    return null;
  }
}

function store(name, words) {
  try {
    localStorage.setItem(name, words);
    keeps = true;
  } catch {
    keeps = false;
  }
}

const keep = () => store(`${STORE} ${by}`, JSON.stringify({ acts, changed }));

/* Read the answers of a person; false where what was kept cannot be read. */
function recall(name) {
  by = name;
  [acts, changed] = [[], 0];
  try {
    const kept = JSON.parse(stored(`${STORE} ${name}`) ?? "{}");
    [acts, changed] = [kept.acts ?? [], kept.changed ?? 0];
    return true;
  } catch {
    return false;
  }
}

/* The people who answered this page in this browser, and how many questions. */
function people() {
  try {
    return Object.keys(localStorage)
      .filter((name) => name.startsWith(`${STORE} `))
      .map((name) => [name.slice(STORE.length + 1), JSON.parse(stored(name)).acts.length])
      .filter(([, answers]) => answers);
  } catch {
    return [];
  }
}

function act(q, said) {
  acts.push({ q, said, time: new Date().toISOString() });
  changed += 1;
  keep();
}

function takeBack() {
  const last = acts.pop();
  changed += 1;
  keep();
  return last;
}

/* The first question without an answer; -1 at the end. */
function current() {
  const done = new Set(acts.map((one) => one.q));
  return questions.findIndex((_, q) => !done.has(q));
}

const answers = () => acts.filter((one) => one.said !== SKIPPED);
