/** The gates that parts of a page wait at, by visit and part. */
const gates = new Map();

function gate(visit, part) {
  const key = `${visit}/${part}`;
  if (!gates.has(key)) gates.set(key, closed());
  return gates.get(key);
}

function closed() {
  const made = {};
  made.passed = new Promise((resolve) => (made.open = resolve));
  return made;
}

/** Waits until the reader of a visit has let the part go. Visits without a reader wait a moment. */
export async function passed(visit, part) {
  if (visit) await gate(visit, part).passed;
  else await new Promise((resolve) => setTimeout(resolve, 60 * part));
  return part;
}

export function release(visit, part) {
  gate(visit, part).open();
}
