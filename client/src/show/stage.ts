import { PREVENTED, show, type Showing, type Told } from "./showing";
import { dialog } from "./dialog";
import type { Extension, Track } from "./extension";
import { keyOf, type Message, type Placement, type Step } from "../message";
import { MODAL, slotOf } from "./placement";
import type { Frame } from "./frame";
import type { Loader } from "../parts";
import { floating } from "./floating";

export interface Stage {
  /** Shows what is due and hides what no longer is. */
  update(messages: Message[]): void;
  /** Holds back what is not on the page yet, until it is told otherwise. */
  pause(on: boolean): void;
  /** By their keys, messages that are over here although the list may still hold them. */
  over: Map<string, unknown>;
}

/** Keeps the screen as the edge's list says: in its order, the next one when one closes. */
export function createStage(tell: Told, leave: (address: string, newTab: boolean) => void, { part, sheet }: Loader, lookAnew: () => void, track: Track): Stage {
  let due: Message[] = [];
  /** The parts that messages needed so far, by their names. */
  const parts = new Map<string, Extension>();
  /** The look of all messages, from the first one on. */
  let look: CSSStyleSheet | undefined;
  const onStage = new Map<string, Showing>();
  /**
   * Messages that are over here although the list may still hold them: their report is on its way. Where one only could
   * not stand on a page, that page.
   */
  const over = new Map<string, string | false | undefined>();

  let paused = false;
  /** How many messages wait for their look or their parts. */
  let loading = 0;

  function update(messages: Message[]): void {
    due = messages;
    for (const key of over.keys()) if (!due.some((message) => keyOf(message) === key)) over.delete(key);
    if (document.body) arrange();
    else document.addEventListener("DOMContentLoaded", arrange, { once: true });
  }

  function isOver(message: Message): boolean {
    return over.has(keyOf(message)) && (over.get(keyOf(message)) || location.href) === location.href;
  }

  function arrange(): void {
    for (const [slot, showing] of onStage) {
      const still = due.find((message) => keyOf(message) === keyOf(showing.message));
      if (still && showing.stands(!paused)) showing.message = still;
      else {
        onStage.delete(slot);
        showing.hide();
        suppress(showing.message, !still ? "withdrawn" : paused ? "paused" : "removed");
        if (still && !paused) put(showing.message, slot, showing.trail);
      }
    }
    // A modal that opens with others lies above them; behind one they could be seen, but not used.
    for (const modal of [false, true]) {
      for (const message of due) {
        const slot = slotOf(message.content);
        if (isOver(message)) continue;
        if (!slot) refuse(message, "display");
        else if ((slot === MODAL) === modal) {
          const taken = onStage.get(slot) ?? onStage.get(MODAL);
          if (taken ? taken.message !== message : paused) suppress(message, paused ? "paused" : "slot");
          else if (!taken) put(message, slot);
        }
      }
    }
  }

  function suppress(message: Message, reason: string): void {
    if (!message.told) away(message, reason);
    message.told = true;
  }

  function away(message: Message, reason: string): void {
    tell(message, "suppressed", () => {}, { reason });
  }

  function put(message: Message, slot: string, trail?: Step[]): void {
    const needed = message.content.parts ?? [];
    const missing = needed.filter((name) => !parts.has(name));
    if (!look || missing.length) return load(message, missing);
    // What comes a moment later would find it open.
    if (slot === MODAL && loading && !trail) return;
    try {
      const extensions = needed.map((name) => parts.get(name)!);
      const showing = show(message, frameAt, extensions, look, tell, leave, (notHere) => {
        onStage.delete(slot);
        over.set(keyOf(message), notHere && location.href);
        if (notHere === PREVENTED) suppress(message, notHere);
        queueMicrotask(arrange);
      }, () => void part("swept").then(({ swept }) => swept(lookAnew, () => away(message, "removed")), () => {}), track, trail);
      // It may be over already: kept away by the site, or with nothing to show.
      if (!isOver(message)) onStage.set(slot, showing);
    } catch {
      refuse(message, "content");
      arrange();
    }
  }

  /** The message keeps its place free until its look and its parts are there. */
  function load(message: Message, names: string[]): void {
    loading++;
    void Promise.all([sheet("message").then((loaded) => (look = loaded)), ...names.map(async (name) => parts.set(name, await part(name as never)))])
      .catch(() => isOver(message) || refuse(message, "content"))
      .then(() => {
        loading--;
        arrange();
      });
  }

  /** A message that cannot be shown is said to be so once, and makes way. */
  function refuse(message: Message, reason: string): void {
    over.set(keyOf(message), undefined);
    tell(message, "error", () => {}, { reason });
  }

  return {
    update,
    over,
    pause(on) {
      paused = on;
      arrange();
    },
  };
}

/** What a message stands in, of what the core has: banners and toasts, modals and full screen. */
function frameAt(at: Placement): Frame {
  return (/^[bt]/.test(at.display) ? floating : dialog)(at);
}
