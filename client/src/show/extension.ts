import type { Happening, Particulars } from "../events";
import type { Button, Step, TextNode } from "../message";

/** What a part of the client does for the messages that need it. */
export interface Extension {
  /** Adds to a step what the core does not know. */
  build?(step: Step, section: HTMLElement, shown: Shown): void;
  /** Builds what stands in a text and what the core does not know. */
  node?(node: TextNode, children: (Node | string)[]): Node | undefined;
  /** Does what a button says; true when that was its own to do. */
  press?(button: Button, shown: Shown): boolean;
}

/** A message on the screen, as an extension sees it. */
export interface Shown {
  steps: Step[];
  /** The steps that were there before the current one, which is the last. */
  trail: Step[];
  /** Where everything of the message stands. */
  root: ShadowRoot;
  /** Says what happened. */
  happened(happening: Happening, particulars?: Particulars): void;
  /** Does what a button says, and reports it. */
  pressed(button: Button): void;
  /** Goes to a step; closes the message where there is none. */
  go(step: Step | undefined, actionValue: string): void;
  dismiss(): void;
}
