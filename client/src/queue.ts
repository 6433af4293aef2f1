import { isReset, resetWasHeard } from "./identity";
import { backoff, retryAfter } from "./backoff";
import type { Site } from "./site";
import { address, post } from "./endpoint";
import { encode, keeper } from "./storage";
import { mayConnect } from "./policy";
import { tabId } from "./tab";
import { visitId } from "./visit";

/** An event on its way to the edge, in the form of the analytics clients. */
export interface Sent {
  type: string;
  /** The event's own id: the edge counts an event that arrives twice once. */
  messageId: string;
  timestamp: string;
  userId: string | null;
  anonymousId: string;
}

/** What waits at most; then the oldest gives way. */
const CAPACITY = 200;
const LARGEST_BATCH = 20;
/** Characters of a body that may outlive its page: browsers allow 64 KiB, and a character may take three bytes. */
const KEEPALIVE_LIMIT = 20_000;
/** Milliseconds in which events gather into one request. */
const GATHER = 100;

export interface Queue {
  add(event: Sent): void;
  /** Sends what waits, now. Resolves when it arrived or could not be sent for the moment; never rejects. */
  flush(): Promise<void>;
  /** The id of the browser tab, over its pages. */
  tab: string;
}

/** Events wait here until the edge has acknowledged them. */
export function createQueue(site: Site): Queue {
  const waiting: Sent[] = [];
  /** How many of them, from the front, are in the request that is under way. */
  let underWay = 0;
  let sending: Promise<void> | undefined;
  let failures = 0;
  let earliest = 0;
  let timer = 0;

  function add(event: Sent): void {
    if (waiting.length >= CAPACITY) waiting.splice(underWay, 1);
    waiting.push(event);
    timer ||= setTimeout(flush, GATHER);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    return (sending ??= send());
  }

  /** What is added before it has ended goes along: whoever flushes meanwhile gets the same promise. */
  async function send(): Promise<void> {
    await null;
    while (waiting.length) {
      let wait = earliest - Date.now();
      if (wait <= 0) {
        const batch = waiting.slice(0, LARGEST_BATCH);
        underWay = batch.length;
        wait = await deliver(batch);
        if (!wait) waiting.splice(0, underWay);
        underWay = 0;
      }
      if (wait > 0) {
        timer ||= setTimeout(flush, wait);
        break;
      }
    }
    sending = undefined;
  }

  /** Returns how long to wait before trying again, in milliseconds; 0 when the batch is done with. */
  async function deliver(batch: Sent[]): Promise<number> {
    try {
      const reset = isReset();
      const body = pack(batch);
      const response = await post(destination(), body, body.length <= KEEPALIVE_LIMIT);
      earliest = Date.now() + retryAfter(response);
      // What the edge refuses as wrong would be as wrong the next time.
      if (response.status < 500 && response.status !== 429) {
        if (reset) resetWasHeard();
        return (failures = 0);
      }
    } catch {
      // No answer: the same as a failing one.
    }
    return Math.max(backoff(failures++), earliest - Date.now());
  }

  function pack(batch: Sent[]): string {
    return encode({ batch, writeKey: site.writeKey, sentAt: new Date().toISOString(), reset: isReset(), consent: keeper().handbill?.said });
  }

  function destination(): string {
    return address(site, `/v1/b?sessionId=${visitId()}`);
  }

  const tab = tabId(waiting);
  // The page may never run again: hand everything to the browser, which does not say whether it arrived; the next page has it, too.
  addEventListener("pagehide", () => waiting[underWay] && mayConnect() && navigator.sendBeacon(destination(), pack(waiting.splice(underWay))));

  // A hidden page may never be told that it ends.
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
  addEventListener("online", flush);

  return { add, flush, tab };
}
