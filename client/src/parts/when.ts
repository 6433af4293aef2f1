import type { Message, When } from "../message";
import { attempt, keeper } from "../storage";
import { alarm, atExit, atScroll, idleSince, lookedAt } from "../watch";

/** That something has happened which a message waits for, as a poll says it. */
export interface Fired {
  messageId: string;
  event?: { name: string; properties?: object | undefined } | undefined;
}

/** Waits with messages for what is to happen in the browser. */
export interface Waiter {
  /** Takes the messages that wait now. Those that waited before go on waiting. */
  update(waiting: Message[]): void;
  /** The page is another one: what happened on the last does not count. */
  turn(): void;
  track(name: string, properties?: object | undefined): void;
}

const KEY = "handbill_waits";
/** Characters of an event's properties beyond which a poll leaves them out. */
const LARGEST_EVENT = 8_000;

interface Watch {
  when: When;
  stop(): void;
  track(name: string, properties?: object | undefined): void;
}

/**
 * Makes a waiter that calls fire with all that has happened on this page, each
 * time that something more has. Tracked are the events before it came.
 */
export function createWaiter(visit: string, tracked: [name: string, properties?: object | undefined][], fire: (fired: Fired[]) => void): Waiter {
  const watches = new Map<string, Watch>();
  const fired = new Map<string, Fired>();
  let sent = false;

  function happened(messageId: string, event?: Fired["event"]): void {
    if (event && (attempt(() => JSON.stringify(event).length) ?? Infinity) > LARGEST_EVENT) event = { name: event.name };
    fired.set(messageId, { messageId, event });
    // What happens at one moment goes in one poll.
    if (!sent) queueMicrotask(() => ((sent = false), fire([...fired.values()])));
    sent = true;
  }

  function update(waiting: Message[]): void {
    for (const [id, watch] of watches) {
      if (waiting.some(({ messageId }) => messageId === id)) continue;
      watch.stop();
      watches.delete(id);
    }
    for (const { messageId, when } of waiting) {
      if (!when || watches.has(messageId) || startOf(visit, messageId) === 0) continue;
      const watch = watchFor(when, startOf(visit, messageId), (event) => happened(messageId, event));
      watches.set(messageId, watch);
      for (const event of tracked) track(messageId, watch, ...event);
    }
  }

  function track(messageId: string, watch: Watch, name: string, properties?: object | undefined): void {
    if (name === watch.when.cancelEvent) {
      remember(visit, messageId, 0);
      watch.stop();
      // It stays among the watches, which watch no more: the edge does not know that it is over.
      watches.set(messageId, { ...watch, track() {} });
    } else watch.track(name, properties);
  }

  return {
    update,
    turn() {
      for (const { stop } of watches.values()) stop();
      watches.clear();
      fired.clear();
    },
    track(name, properties) {
      for (const [id, watch] of watches) track(id, watch, name, properties);
    },
  };
}

/** Watches for all that one message waits for. Calls happened at each thing while its elements are as they should be. */
function watchFor(when: When, start: number, happened: (event?: Fired["event"]) => void): Watch {
  const stops: (() => void)[] = [];
  const { after, dwell, idle, scroll, exit, click, event, element, noElement } = when;
  const holds = (): boolean => attempt(() => (!element || !!document.querySelector(element)) && !(noElement && document.querySelector(noElement))) ?? false;
  let watching = false;

  /** Something has happened that stays true: it counts as soon as the elements are as they should be. */
  const latched = (): void => {
    if (holds()) happened();
    else if (!watching) {
      watching = true;
      let frame = 0;
      const observer = new MutationObserver(() => {
        // Frames come only while the tab is looked at, and once for many changes.
        frame ||= requestAnimationFrame(() => {
          frame = 0;
          if (!holds()) return;
          observer.disconnect();
          happened();
        });
      });
      observer.observe(document, { childList: true, subtree: true, attributes: true });
      stops.push(() => (observer.disconnect(), cancelAnimationFrame(frame)));
    }
  };
  const atOnce = (): void => void (holds() && happened());

  if (after) stops.push(alarm(() => start + after - Date.now(), latched));
  if (dwell) stops.push(lookedAt(dwell, latched));
  if (idle) stops.push(idleSince(idle, atOnce));
  if (scroll) stops.push(atScroll(scroll, latched));
  if (exit) stops.push(atExit(atOnce));
  if (click) {
    const clicked = (pressed: Event): void => {
      const [target] = pressed.composedPath();
      if (target instanceof Element && attempt(() => target.closest(click))) atOnce();
    };
    document.addEventListener("click", clicked, true);
    stops.push(() => document.removeEventListener("click", clicked, true));
  }
  if (!(after || dwell || idle || scroll || exit || click || event)) latched();

  return {
    when,
    stop: () => stops.splice(0).forEach((stop) => stop()),
    track: (name, properties) => void (name === event && holds() && happened({ name, properties })),
  };
}

/** When a message began to wait in this visit, in this tab; 0 when it waits no more. */
function startOf(visit: string, messageId: string): number {
  const known = waits(visit)[messageId];
  if (known !== undefined) return known;
  return remember(visit, messageId, Date.now());
}

function remember(visit: string, messageId: string, start: number): number {
  const all = waits(visit);
  all[messageId] = start;
  attempt(() => keeper().sessionStorage.setItem(KEY, JSON.stringify({ visit, all })));
  return start;
}

/** What is remembered of this visit; for pages whose storage is blocked as long as the page. */
let known: { visit?: string; all: Record<string, number> } = { all: {} };

function waits(visit: string): Record<string, number> {
  const stored = attempt(() => JSON.parse(keeper().sessionStorage.getItem(KEY) ?? "null") as typeof known | null);
  if (stored && typeof stored.all === "object") known = stored;
  if (known.visit !== visit) known = { visit, all: {} };
  return known.all;
}
