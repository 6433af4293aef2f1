import { element } from "../dom";
import type { Step } from "../message";
import type { Shown } from "../show/extension";
import css from "./sandbox.css";

/** What a document may do. The edge says the same in the document's own policy. */
const FLAGS = "allow-scripts allow-popups allow-forms";
const TALLEST = 2000;

/** What a document says to its message, by postMessage. */
interface Said {
  handbill?: "dismiss" | "action" | "resize";
  /** Of an action: the button's name, and what it does. */
  name?: unknown;
  action?: unknown;
  /** Of resize, in pixels. */
  height?: unknown;
}

let sheet: CSSStyleSheet | undefined;

/** Puts the document's frame before a step's fields and buttons. Content.HTML in Go writes the same tree; a test holds them equal. */
export function build(step: Step, section: HTMLElement, shown: Shown): void {
  if (!step.frame) return;
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  shown.root.adoptedStyleSheets = [...new Set([...shown.root.adoptedStyleSheets, sheet])];
  const frame = element("iframe", { "data-frame": step.frame, sandbox: FLAGS, title: step.title ?? step.name });
  section.insertBefore(frame, section.querySelector(":scope > :is(.fields, .buttons)"));
  // Not an attribute: an address is the client's business, the tree is not.
  const address = new URL(`../sandbox/${step.frame}.html`, import.meta.url).href;
  const listen = ({ source, data }: MessageEvent): void => {
    if (!frame.isConnected && frame.contentWindow === null) removeEventListener("message", listen);
    else if (source && source === frame.contentWindow) hear(data as Said | null, frame, shown);
  };
  addEventListener("message", listen);
  frame.src = address;
}

function hear(said: Said | null, frame: HTMLIFrameElement, { pressed, dismiss }: Shown): void {
  if (said?.handbill === "dismiss") dismiss();
  else if (said?.handbill === "action" && typeof said.action === "string" && said.action) {
    pressed({ name: typeof said.name === "string" && said.name ? said.name : "sandbox", text: "", action: said.action });
  } else if (said?.handbill === "resize" && Number(said.height) > 0) {
    frame.height = `${Math.min(Math.ceil(Number(said.height)), TALLEST)}`;
  }
}
