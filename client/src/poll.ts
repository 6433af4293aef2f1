import { backoff, retryAfter } from "./backoff";
import { type Answer, NOTHING } from "./message";

/** Seconds between polls when an answer does not say. */
const DEFAULT_INTERVAL = 60;
const LONGEST_INTERVAL = 86_400;

/**
 * Polls at a time, 0 for at once, or as soon as the tab is visible: the page or the visitor is another one, unless both are
 * the same. Infinity ends it.
 */
export type Poller = (at: number, same?: boolean) => void;

/**
 * Asks the edge what to show. `ask` sends one poll, naming the generation of
 * the list that is held; `heard` receives every answer that was not overtaken,
 * `answered` every new list.
 */
export function createPoller(
  ask: (generation: string | undefined) => Promise<Response>,
  heard: (response: Response) => void,
  answered: (answer: Answer) => void,
): Poller {
  /** When the next poll is due; never while one is under way or polling is off. */
  let due = Infinity;
  /** The edge asked not to be asked before. */
  let earliest = 0;
  let failures = 0;
  let generation: string | undefined;
  let timer = 0;
  /** Counts polls, so that the answer to a question of yesterday is not heard. */
  let turn = 0;

  function schedule(): void {
    clearTimeout(timer);
    if (due < Infinity && isVisible()) {
      timer = setTimeout(poll, Math.max(due, earliest) - Date.now());
    }
  }

  function set(next: number, same?: boolean): void {
    turn++;
    due = next;
    if (!same) generation = undefined;
    schedule();
  }

  async function poll(): Promise<void> {
    const mine = ++turn;
    due = Infinity;
    let wait: number;
    try {
      const response = await ask(generation);
      if (response.status >= 400) {
        earliest = Date.now() + retryAfter(response);
        throw new Error();
      }
      const answer = response.status === 200 ? ((await response.json()) as Answer) : NOTHING;
      if (mine !== turn) return;
      heard(response);
      if (response.status !== 304) {
        answered(answer);
        generation = answer.generation;
      }
      wait = 1000 * Math.min(+response.headers.get("X-Gist-Queue-Polling-Interval")! || DEFAULT_INTERVAL, LONGEST_INTERVAL);
      failures = 0;
    } catch {
      if (mine !== turn) return;
      wait = backoff(failures++);
    }
    due = Date.now() + wait;
    schedule();
  }

  document.addEventListener("visibilitychange", schedule);
  document.addEventListener("prerenderingchange", schedule);
  addEventListener("online", () => failures && set(0));

  return set;
}

/** Hidden tabs and pages that are only being prerendered do not poll. */
function isVisible(): boolean {
  return document.visibilityState === "visible" && !(document as { prerendering?: boolean }).prerendering;
}
