import { element } from "../dom";
import type { Step } from "../message";
import type { Shown } from "../show/extension";
import css from "./sandbox.css";

/** What a document may do. The edge says the same in the document's own policy. */
const FLAGS = "allow-scripts allow-popups allow-forms";
const TALLEST = 2000;
/** Characters that the edge takes of a name and an action. */
const LONGEST = 1000;

/** What a document says to its message, by postMessage. */
interface Said {
  /** An action is done as a button's is, a tap only told; changed is that another part of the document is seen. */
  handbill?: "dismiss" | "action" | "tap" | "changed" | "snooze" | "track" | "resize";
  /** Of an action: the button's name, and what it does. Of changed, what is seen; of track, the event. */
  name?: unknown;
  action?: unknown;
  properties?: unknown;
  minutes?: unknown;
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

function hear(said: Said | null, frame: HTMLIFrameElement, { pressed, dismiss, happened, track }: Shown): void {
  const word = said?.handbill;
  const name = typeof said?.name === "string" && said.name ? said.name.slice(0, LONGEST) : "sandbox";
  const action = typeof said?.action === "string" ? said.action.slice(0, LONGEST) : "";
  if (word === "dismiss") dismiss();
  else if (word === "action" && action) pressed({ name, text: "", action });
  else if (word === "tap" && action) happened("action", { actionName: name, actionValue: action });
  else if (word === "changed") happened("changed", { actionName: name });
  else if (word === "track") track(name, said!.properties instanceof Object ? said!.properties : {});
  else if (word === "snooze" && Number(said!.minutes) >= 1) {
    happened("action", { actionName: name, actionValue: `snooze:${Math.floor(Number(said!.minutes))}m` });
    dismiss();
  } else if (word === "resize" && Number(said!.height) > 0) {
    frame.height = `${Math.min(Math.ceil(Number(said!.height)), TALLEST)}`;
  }
}
