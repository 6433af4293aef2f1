import type { Emitter } from "./emitter";

/** What can happen to a message. */
export type Happening = "opened" | "dismissed" | "action" | "error" | "changed";

/** Who listens for this name hears every in-app event. */
export const EVERY = "in-app";

/** What the edge counts it by. */
export function metricOf(happening: Happening): string {
  return happening === "action" ? "clicked" : happening;
}

/** What an event says beyond which message it was. */
export interface Particulars {
  /** On action the button's name, on changed the next step's. */
  actionName?: string;
  /** The action as the author wrote it. */
  actionValue?: string;
  /** On error: "image", "display", "target" or "content". */
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

/** Tells the site, by its listener and as an event of the document. */
export function announce(emitter: Emitter, happening: Happening, detail: Detail, dismiss: () => void): void {
  // Not enumerable: a site that copies or logs the detail gets plain data.
  Object.defineProperty(detail, "message", { value: { dismiss } });
  const event = new CustomEvent(`${EVERY}:message-${happening}`, { detail });
  for (const name of [EVERY, event.type]) emitter.emit(name, event);
  document.dispatchEvent(event);
}
