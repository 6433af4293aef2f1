import type { Happening, Particulars } from "../events";
import { safeAddress } from "../link";
import type { Button, Message, Step } from "../message";
import { styleSheet } from "../parts";
import { renderStep } from "../render";
import { closeButton } from "./close";
import type { Extension, Shown } from "./extension";
import { type Frame, nameFrame } from "./frame";

export interface Told {
  (message: Message, happening: Happening, dismiss: () => void, particulars?: Particulars): void;
}

/** A message on the screen. */
export interface Showing {
  message: Message;
  /** False when the site has taken our element off the page. */
  onScreen(): boolean;
  /** Takes it away without a word: it is no longer due here. */
  hide(): void;
}

/** Shows a message in a frame and tells what happens to it, in order: nothing before it was opened, nothing after it was dismissed. */
export function show(
  message: Message,
  frame: Frame,
  extensions: Extension[],
  look: CSSStyleSheet,
  tell: Told,
  leave: (address: string, newTab: boolean) => void,
  ended: () => void,
): Showing {
  const { steps, lang, dir, style = "" } = message.content;
  const host = document.createElement("handbill-message");
  if (lang) host.lang = lang;
  if (dir) host.dir = dir;
  /** What failed before the message was opened. */
  const early: string[] = [];
  const begin = Math.max(0, steps.findIndex(({ name }) => name === message.step));
  const first = steps[begin]!;
  /** The steps that came up, the current one last. */
  const trail = steps.slice(0, begin + 1);
  let opened = false;
  let gone = false;

  const showing: Showing = { message, onScreen: () => host.isConnected, hide };

  function happened(happening: Happening, particulars?: Particulars): void {
    open();
    tell(showing.message, happening, dismiss, particulars);
  }

  function open(): void {
    if (opened || gone) return;
    opened = true;
    tell(showing.message, "opened", dismiss);
    early.forEach(failed);
  }

  function failed(reason: string): void {
    if (!opened) early.push(reason);
    else if (!gone) happened("error", { reason });
  }

  function hide(): void {
    if (gone) return;
    gone = true;
    frame.close();
    host.remove();
  }

  function dismiss(): void {
    if (gone) return;
    open();
    hide();
    happened("dismissed");
    ended();
  }

  function pressed(button: Button, event?: MouseEvent): void {
    if (gone || extensions.some((extension) => extension.press?.(button, shown))) return;
    const { name: actionName, action: actionValue } = button;
    happened("action", { actionName, actionValue });
    if (actionValue === "next") go(steps[steps.indexOf(trail.at(-1)!) + 1], actionValue);
    else if (actionValue === "dismiss") dismiss();
    else if (!actionValue.startsWith("event:")) follow(actionValue, !!(event?.ctrlKey || event?.metaKey));
  }

  function go(following: Step | undefined, actionValue: string): void {
    if (!following || gone) return dismiss();
    try {
      put(following, build(following));
    } catch {
      failed("content");
      return dismiss();
    }
    trail.push(following);
    frame.changed();
    happened("changed", { actionName: following.name, actionValue });
  }

  function follow(action: string, newTab: boolean): void {
    const address = safeAddress(action);
    if (!address) return;
    dismiss();
    leave(address, newTab);
  }

  function build(current: Step): HTMLElement {
    const section = renderStep(current, {
      pressed,
      imageFailed: () => failed("image"),
      node: (node, children) => extensions.map((extension) => extension.node?.(node, children)).find(Boolean),
    });
    for (const extension of extensions) extension.build?.(current, section, shown);
    return section;
  }

  function put(current: Step, section: HTMLElement): void {
    nameFrame(frame.root, current, section);
    frame.place.replaceChildren(section);
    frame.root.scrollTop = 0;
  }

  // A page that says which colour schemes it has is followed; for others the system's setting holds.
  if (getComputedStyle(document.documentElement).colorScheme !== "normal") host.setAttribute("data-scheme", "page");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [look, styleSheet(style)];
  root.append(frame.root);
  frame.root.append(closeButton(dismiss), frame.place);
  frame.onClosed(dismiss);
  const shown: Shown = { steps, trail, root, happened, pressed, go, dismiss };
  const section = build(first);
  try {
    frame.open(host, () => put(first, section));
  } catch (error) {
    hide();
    throw error;
  }
  // Two frames later it has been painted. A hidden tab paints none until it is looked at.
  requestAnimationFrame(() => requestAnimationFrame(open));
  return showing;
}
