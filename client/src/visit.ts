import { newId } from "./id";
import { attempt, keeper } from "./storage";

const KEY = "handbill_visit";
/** Milliseconds without an open page after which a visit is over. */
const PAUSE = 1_800_000;

/** When the visit was last named, and its id; for pages whose storage is blocked or full. */
let last = "";

/** The id of this visit, the same in all tabs. Naming it, as every poll and report does, keeps the visit going. */
export function visitId(): string {
  const stored = attempt(() => keeper().localStorage.getItem(KEY)) ?? "";
  // The times have equally many digits: the greater text is the later one.
  const [at, known] = (stored > last ? stored : last).split(" ");
  const now = Date.now();
  const id = (Math.abs(now - +at!) < PAUSE && known) || newId();
  last = `${now} ${id}`;
  attempt(() => keeper().localStorage.setItem(KEY, last));
  return id;
}
