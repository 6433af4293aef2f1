import type { Emitter } from "./emitter";

/** What can happen to a message. The edge hears of neither opening nor suppressed: nobody has seen anything yet. */
export type Happening = "opening" | "opened" | "dismissed" | "action" | "error" | "changed" | "suppressed";

/** Who listens for this name hears every in-app event. */
export const EVERY = "in-app";

/** What the edge counts it by; empty where it does not. */
export function metricOf(happening: Happening): string {
  return { opening: "", suppressed: "", action: "clicked" }[happening as string] ?? happening;
}

/** What an event says beyond which message it was. */
export interface Particulars {
  /** On action the button's name, on changed the next step's. */
  actionName?: string;
  /** The action as the author wrote it. */
  actionValue?: string;
  /** On error: "image", "display", "target" or "content"; on suppressed: "paused", "prevented", "slot", "removed" or "withdrawn". */
  reason?: string;
  /** On action, where a form was sent: the step it stands in, and what was answered. */
  step?: string;
  answers?: object;
}

/** What an event says. */
export interface Detail extends Particulars {
  messageId: string;
  deliveryId: string;
}

/** Tells the site, by its listener and as an event of the document. False when it has prevented what would come next. */
export function announce(emitter: Emitter, happening: Happening, detail: Detail, dismiss: () => void): boolean {
  // Not enumerable: a site that copies or logs the detail gets plain data.
  Object.defineProperty(detail, "message", { value: { dismiss } });
  const event = new CustomEvent(`${EVERY}:message-${happening}`, { detail, cancelable: true });
  for (const name of [EVERY, event.type]) emitter.emit(name, event);
  return document.dispatchEvent(event);
}
