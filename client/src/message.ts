/** A message in a poll's answer: what should be on screen now, or wait for its turn. */
export interface Message {
  messageId: string;
  deliveryId: string;
  content: Content;
  /** What it waits for; then it has neither content nor a delivery yet. */
  when?: When;
  /** Tells apart the times that the same message was sent to this visitor, or started for them; missing where there is but one. */
  occasion?: string;
  /** The site was told that it stays away; of each answer once. */
  told?: boolean;
  /** Sent by "messages send --test": shown to one person, counted nowhere. */
  test?: boolean;
}

/** What a message waits for, times in milliseconds: see the Go side, engine/workspace. */
export interface When {
  after?: number;
  dwell?: number;
  idle?: number;
  scroll?: number;
  exit?: boolean;
  click?: string;
  event?: string;
  element?: string;
  noElement?: string;
  cancelEvent?: string;
}

/** Where a message, or a step of it, stands on the page, and how. */
export interface Placement {
  /** "modal", "fullscreen", "banner", "toast", "inline" or "tooltip". */
  display: string;
  /** Where, of what the display has; missing for fullscreen. */
  position?: string;
  /** The CSS selector of the element at which an inline message or a tooltip stands. */
  target?: string;
  /** What a banner does with the page: "over", "push" or "sticky". */
  flow?: string;
  /** In CSS pixels. */
  width?: number;
  /** The colours between a modal and the page, and of a tooltip's arrow, in hexadecimal digits. */
  overlayColor?: string;
  arrowColor?: string;
  /** Whether a click beside a modal closes it. */
  closeOutside?: boolean;
}

/** What a message shows, where its first step and all without a place of their own stand. The Go side of these types is the package engine/content. */
export interface Content extends Placement {
  /** It stays until it is dismissed, also over loads of pages, at the step where it was. */
  persistent?: boolean;
  /** A tooltip begins as a dot at its target, which opens it. */
  beacon?: boolean;
  /** The language of the texts, and how it is written: "ltr" or "rtl". */
  lang?: string;
  dir?: string;
  steps: Step[];
  /** The style sheet of its theme. */
  style?: string;
  /** The parts of the client that it needs, by their names. */
  parts?: string[];
}

/** A step with a display has a whole placement of its own; one without stands where the message does. */
export interface Step extends Partial<Placement> {
  name: string;
  title?: string;
  body?: TextNode[];
  image?: Image;
  /** Names a document of the author's own, which is shown in a sandbox. */
  frame?: string;
  fields?: Field[];
  buttons?: Button[];
}

/** One question of a step, see engine/content. The part "forms" shows it. */
export interface Field {
  name: string;
  type: "text" | "email" | "textarea" | "number" | "single" | "multi" | "rating" | "nps" | "consent";
  label: string;
  placeholder?: string;
  required?: boolean;
  min?: number;
  max?: number;
  scale?: "numbers" | "stars" | "emoji";
  low?: string;
  high?: string;
  error?: string;
  options?: { value: string; text: string; goto?: string }[];
  ranges?: { from: number; to: number; goto: string }[];
}

/** Either text or an element with one of the known tags. */
export interface TextNode {
  text?: string;
  tag?: string;
  href?: string;
  src?: string;
  alt?: string;
  width?: number;
  height?: number;
  poster?: string;
  language?: string;
  label?: string;
  children?: TextNode[];
}

export interface Image {
  src: string;
  alt: string;
  width?: number;
  height?: number;
}

export interface Button {
  name: string;
  text: string;
  /** As the author wrote it: an address, "dismiss", "next", "event:" and a name, or one that a part knows. */
  action: string;
}

/** A poll's answer, as far as it is one. */
export interface Answer {
  inAppMessages: (Message | null)[];
  generation?: string;
  /** Why messages are not shown that the site's code asked for, by their ids. */
  refused?: Record<string, string>;
}

/** The answer when nothing is due. */
export const NOTHING: Answer = { inAppMessages: [] };

/** Reads the messages of a poll's answer. Throws when it is no such answer; leaves out what no event could name. */
export function readMessages({ inAppMessages }: Answer): Message[] {
  return inAppMessages.filter((message) => message?.messageId && (message.when || message.deliveryId)) as Message[];
}

/** The same message keeps its key when its delivery changes, as it does when the visitor identifies, but not when it is sent again. */
export function keyOf({ messageId, test, occasion }: Message): string {
  return `${messageId} ${test || occasion || ""}`;
}
