import type { Emitter, Listener } from "./emitter";
import type { Message } from "./message";

/** What can happen to a message. */
const HAPPENINGS = ["opened", "dismissed", "action", "error", "changed"] as const;

export type Happening = (typeof HAPPENINGS)[number];

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

function eventName(happening: Happening): string {
  return `in-app:message-${happening}`;
}

/** Tells the site, by its listener and as an event of the document. */
export function announce(emitter: Emitter, happening: Happening, message: Message, dismiss: () => void, particulars: Particulars = {}): void {
  const detail = { messageId: message.messageId, deliveryId: message.deliveryId, ...particulars };
  // Not enumerable: a site that copies or logs the detail gets plain data.
  Object.defineProperty(detail, "message", { value: { dismiss } });
  const event = new CustomEvent(eventName(happening), { detail });
  emitter.emit(event.type, event);
  document.dispatchEvent(event);
}

/** Makes one listener hear every in-app event, in place of the previous one. */
export function listen(emitter: Emitter, listener: Listener | undefined, previous: Listener | undefined): void {
  for (const happening of HAPPENINGS) {
    if (previous) emitter.off(eventName(happening), previous);
    if (listener) emitter.on(eventName(happening), listener);
  }
}
