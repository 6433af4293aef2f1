import type { Step } from "../message";
import type { Shown } from "../show/extension";
import { attempt, encode, keeper } from "../storage";

/** Where visitors were in messages that stay until they are dismissed: for each the names of the steps that came up. */
const KEY = "handbill_steps";
/** How many messages are kept at most; then the oldest gives way. */
const CAPACITY = 20;

export function begin({ key, steps }: Shown): Step[] | undefined {
  document.addEventListener("in-app:message-dismissed", (event) => {
    if ((event as CustomEvent<{ messageId: string }>).detail.messageId === key.split(" ")[0]) write(key, undefined);
  });
  const names = read()[key];
  const kept = Array.isArray(names) ? names.map((name) => steps.find((step) => step.name === name)) : [];
  // A step that is gone since: the message has changed, and begins anew.
  return kept.length && !kept.includes(undefined) ? (kept as Step[]) : undefined;
}

export function build(_step: Step, _section: unknown, { key, trail }: Shown): void {
  write(key, trail.map(({ name }) => name));
}

function read(): Record<string, unknown> {
  const kept: unknown = attempt(() => JSON.parse(keeper().localStorage.getItem(KEY)!));
  return kept && typeof kept === "object" ? (kept as Record<string, unknown>) : {};
}

function write(key: string, names: string[] | undefined): void {
  const { [key]: _, ...others } = read();
  const all = Object.entries(others).slice(1 - CAPACITY);
  if (names) all.push([key, names]);
  attempt(() => (all.length ? keeper().localStorage.setItem(KEY, encode(Object.fromEntries(all))) : keeper().localStorage.removeItem(KEY)));
}
