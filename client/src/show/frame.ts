import type { Step } from "../message";

/** What a step stands in: a dialog or a banner. Knows the platform's way to show it, and nothing about messages. */
export interface Frame {
  root: HTMLElement;
  /** Where in it a step's content stands. */
  place: HTMLElement;
  /** Puts itself on the page and calls fill when a step's content may come in. */
  open(host: HTMLElement, fill: () => void): void;
  /** Another step has come in: focus must not be lost with the button that was pressed. */
  changed(): void;
  /** Gives the focus back and leaves the screen; the host is removed after it. */
  close(): void;
  /** Calls ended when the browser itself closed it, as Escape does with a dialog. */
  onClosed(ended: () => void): void;
}

/** Names the frame for those who hear it, by the title or, without one, the text. Under a title the text describes it. */
export function nameFrame(root: HTMLElement, step: Step, section: HTMLElement): void {
  const body = section.querySelector(".body");
  root.ariaLabel = step.title || body?.textContent || step.image?.alt || step.name;
  root.ariaDescribedByElements = step.title && body ? [body] : null;
}
