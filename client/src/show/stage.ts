import { keyOf, type Message } from "../message";
import type { Loader } from "../parts";
import { banner } from "./banner";
import type { Extension } from "./extension";
import type { Frame } from "./frame";
import { modal } from "./modal";
import { show, type Showing, type Told } from "./showing";

/**
 * Where a message can stand. Each place holds one message at a time. Banners
 * come first: a modal that opens with them lies above them.
 */
const PLACES: Record<string, (message: Message) => Frame> = {
  "banner top": () => banner("top"),
  "banner bottom": () => banner("bottom"),
  modal: (message) => modal(message.content.position),
};

export interface Stage {
  /** Shows what is due and hides what no longer is. */
  update(messages: Message[]): void;
}

/** Keeps the screen as the edge's list says: in its order, the next one when one closes. */
export function createStage(tell: Told, leave: (address: string, newTab: boolean) => void, { part, sheet }: Loader): Stage {
  let due: Message[] = [];
  /** The parts that messages needed so far, by their names. */
  const parts = new Map<string, Extension>();
  /** The look of all messages, from the first one on. */
  let look: CSSStyleSheet | undefined;
  const onStage = new Map<string, Showing>();
  /** Messages that are over here although the list may still hold them: their report is on its way. */
  const over = new Set<string>();

  function update(messages: Message[]): void {
    due = messages;
    for (const key of over) if (!due.some((message) => keyOf(message) === key)) over.delete(key);
    if (document.body) arrange();
    else document.addEventListener("DOMContentLoaded", arrange, { once: true });
  }

  function arrange(): void {
    for (const [place, showing] of onStage) {
      const still = due.find((message) => keyOf(message) === keyOf(showing.message));
      if (still && showing.onScreen()) showing.message = still;
      else {
        onStage.delete(place);
        showing.hide();
      }
    }
    const waiting = due.filter((message) => !over.has(keyOf(message)));
    for (const message of waiting) if (!placeOf(message)) refuse(message, "display");
    for (const place of Object.keys(PLACES)) {
      // Behind a modal a banner could be seen, but not used.
      if (onStage.has(place) || onStage.has("modal")) continue;
      const next = waiting.find((message) => placeOf(message) === place);
      if (next) put(next, place);
    }
  }

  function put(message: Message, place: string): void {
    const needed = message.content.parts ?? [];
    const missing = needed.filter((name) => !parts.has(name));
    if (!look || missing.length) return load(message, missing);
    try {
      const extensions = needed.map((name) => parts.get(name)!);
      onStage.set(place, show(message, PLACES[place]!(message), extensions, look, tell, leave, () => {
        onStage.delete(place);
        over.add(keyOf(message));
        queueMicrotask(arrange);
      }));
    } catch {
      refuse(message, "content");
      arrange();
    }
  }

  /** The message keeps its place free until its look and its parts are there. */
  function load(message: Message, names: string[]): void {
    void Promise.all([sheet("message").then((loaded) => (look = loaded)), ...names.map(async (name) => parts.set(name, await part(name as never)))])
      .catch(() => refuse(message, "content"))
      .then(arrange);
  }

  /** A message that cannot be shown is said to be so once, and makes way. */
  function refuse(message: Message, reason: string): void {
    over.add(keyOf(message));
    tell(message, "error", () => {}, { reason });
  }

  return { update };
}

function placeOf({ content }: Message): string | undefined {
  const place = content?.display === "banner" ? `banner ${content.position || "top"}` : `${content?.display}`;
  return Object.hasOwn(PLACES, place) ? place : undefined;
}
