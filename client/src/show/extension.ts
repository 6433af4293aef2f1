import type { Happening, Particulars } from "../events";
import type { Button, Content, Placement, Step, TextNode } from "../message";
import type { Frame } from "./frame";

/** What a part of the client does for the messages that need it. */
export interface Extension {
  /** The steps that came up before, the last of which comes up again. */
  begin?(shown: Shown): Step[] | undefined;
  /** Makes what a step stands in, where the core does not. With a beacon, it waits until the visitor opens it. */
  frame?(at: Placement, beacon?: boolean): Frame | undefined;
  /** Makes one frame of several, for steps that stand in different places. */
  tour?(shown: Shown): Frame;
  /** Adds to a step what the core does not know. */
  build?(step: Step, section: HTMLElement, shown: Shown): void;
  /** Builds what stands in a text and what the core does not know. */
  node?(node: TextNode, children: (Node | string)[]): Node | undefined;
  /** Does what a button says; true when that was its own to do. */
  press?(button: Button, shown: Shown): boolean;
}

/** A message on the screen, as an extension sees it. */
export interface Shown {
  /** Names the message: its id, a space, and what tells it from others of this id. */
  key: string;
  content: Content;
  steps: Step[];
  /** The steps that came up, the current one last. */
  trail: Step[];
  /** Where everything of the message stands. */
  root: ShadowRoot;
  /** Makes what a step stands in. */
  make(at: Placement): Frame;
  /** Puts a frame where everything of the message stands. */
  mount(frame: Frame): void;
  /** Says what happened. */
  happened(happening: Happening, particulars?: Particulars): void;
  /** Does what a button says, and reports it. */
  pressed(button: Button): void;
  /** Goes to a step; closes the message where there is none. */
  go(step: Step | undefined, actionValue: string): void;
  dismiss(): void;
}
