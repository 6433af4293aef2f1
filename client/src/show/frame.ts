import type { Step } from "../message";

/** What a step stands in: a dialog, a banner and so on. Knows the platform's way to show it, and nothing about messages. */
export interface Frame {
  readonly root: HTMLElement;
  /** Where in it a step's content stands. */
  readonly place: HTMLElement;
  /**
   * Before each step: calls come once it can stand there, at once, or later, and then returns what stops waiting. Calls
   * missing when that takes too long, also when what it stood at has gone. A frame without it can stand at any time.
   */
  wait?(step: Step, section: HTMLElement, come: () => void, missing: () => void): (() => void) | undefined;
  /** Puts itself on the page and calls fill when a step's content may come in. */
  open(host: HTMLElement, fill: () => void): void;
  /** Another step has come in: focus must not be lost with the button that was pressed. */
  changed(): void;
  /** Gives the focus back and leaves the screen; it is removed after it. */
  close(): void;
  /** Calls ended when the visitor or the browser itself closed it, as Escape does with a dialog. */
  onClosed(ended: () => void): void;
}

/** Names the frame for those who hear it, by the title or, without one, the text. Under a title the text describes it. */
export function nameFrame(root: HTMLElement, step: Step, section: HTMLElement): void {
  const body = section.querySelector(".body");
  root.ariaLabel = step.title || body?.textContent || step.image?.alt || step.name;
  root.ariaDescribedByElements = step.title && body ? [body] : null;
}
