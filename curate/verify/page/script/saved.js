
/* The file of answers, as curate reads it, and how it is opened again */

function record({ q, said, time }) {
  const one = questions[q], labels = one.given.map((at) => classes[at][0]);
  const how = { time, strategy: data.strategy, by };
  if (kind === "each") return { key: one.key, label: labels[0], correct: said, ...how };
  if (kind === "lists") return { key: one.key, label: said.map((at) => classes[at][0]), given_label: labels, ...how };
  return { key: one.key, label: said === null ? null : classes[said][0], given_label: labels[0], ...how };
}

function save() {
  const kept = answers();
  const lines = kept.map((one) => `${JSON.stringify(record(one))}\n`);
  const address = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  const name = `${data.file}.verified.${by}`.replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-");
  make("a", { href: address, download: `${name}.jsonl` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  changed = 0;
  keep();
  drawCounts();
  const words = `Saved: ${count(kept.length)} answers, ${name}.jsonl`;
  find("#saved").textContent = find("#last").textContent = words;
}

/* Read a saved file; returns the answers, and how many lines are not of this page. */
function readSaved(words) {
  const places = new Map(classes.map(([label], at) => [label, at]));
  const naming = (key, label) => JSON.stringify(kind === "each" ? [key, label] : [key]);
  const asked = new Map(questions.map((one, q) => [naming(one.key, classes[one.given[0]][0]), q]));
  const said = ({ label, correct }) => {
    if (kind === "each") return correct;
    if (kind === "lists") return label.map((one) => places.get(one));
    return label === null ? null : places.get(label);
  };
  const lines = words.split("\n").filter((each) => each.trim());
  const read = lines.flatMap((each) => {
    try {
      const row = JSON.parse(each), q = asked.get(naming(row.key, row.label)), answer = said(row);
      const known = kind === "each" ? typeof answer === "boolean" : ![answer].flat().includes(undefined);
      return q === undefined || !known || row.strategy !== data.strategy ? [] : [{ q, said: answer, time: row.time, by: row.by }];
    } catch {
      return [];
    }
  });
  const once = [...new Map(read.map((one) => [one.q, one])).values()].sort((a, b) => (a.time < b.time ? -1 : 1));
  return [once, lines.length - once.length];
}

async function openSaved(file) {
  const [read, others] = readSaved(await file.text());
  if (!read.length) return say(`${file.name} holds no answers to this page.`);
  begin(read[0].by || by || "someone");
  const mine = new Map([...read.map(({ q, said, time }) => [q, { q, said, time }]), ...answers().map((one) => [one.q, one])]);
  acts = [...mine.values()].sort((a, b) => (a.time < b.time ? -1 : 1));
  keep();
  show();
  if (others) say(`${file.name}: ${count(others)} of its lines are no answers to this page, and are left out.`);
}
