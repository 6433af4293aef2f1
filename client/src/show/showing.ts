import { safeAddress } from "../link";
import { type Frame, nameFrame } from "./frame";
import { type Button, keyOf, type Message, type Placement, type Step } from "../message";
import type { Happening, Particulars } from "../events";
import { renderStep } from "../render";
import { closeButton } from "./close";
import { styleSheet } from "../parts";
import { schemes } from "../scheme";
import type { Extension, Shown } from "./extension";

export interface Told {
  /** False when the site has prevented what would come next. */
  (message: Message, happening: Happening, dismiss: () => void, particulars?: Particulars): boolean;
}

/** A message on the screen, or about to be. */
export interface Showing {
  message: Message;
  /** The steps that came up, the current one last; none before it was opened. */
  trail: Step[];
  /** Whether it stands on the page, as it does not when the site has taken our element off it; or, where it may, waits for its place. */
  stands(orWaits: boolean): boolean;
  /** Takes it away. */
  hide(): void;
}

/** Why a message that the site keeps away does not show. */
export const PREVENTED = "prevented";

/** Shows a message and tells what happens to it, in order: nothing before it was opened, nothing after it was dismissed. */
export function show(
  message: Message,
  frameAt: (at: Placement) => Frame,
  extensions: Extension[],
  look: CSSStyleSheet,
  tell: Told,
  leave: (address: string, newTab: boolean) => void,
  ended: (notHere?: string | false) => void,
  swept: () => void,
  /** The steps that came up, the current one last: it comes again, and is the same showing. */
  trail: Step[] = [],
): Showing {
  const { content } = message;
  const { steps, lang, dir, style = "" } = content;
  const host = document.createElement("handbill-message");
  host.dataset.message = message.messageId;
  host.dataset.scheme = schemes();
  // Turbo leaves it where it is while it makes the page that is there another one.
  host.dataset.turboPermanent = "";
  if (lang) host.lang = lang;
  if (dir) host.dir = dir;
  /** What failed before the message was opened. */
  const early: string[] = [];
  let frame: Frame;
  /** Whether a step has come up. */
  let entered = false;
  /** Stops waiting for what the next step stands at. */
  let stop: (() => void) | undefined;
  let opened = !!trail[0];
  let gone = false;

  const showing: Showing = { message, trail: opened ? trail : [], stands: (orWaits) => host.isConnected || (orWaits && !!stop), hide };

  /** What the first extension that has an answer says. */
  function first<Answer>(asked: (extension: Extension) => Answer | undefined): Answer | undefined {
    return extensions.map(asked).find(Boolean) as Answer | undefined;
  }

  function happened(happening: Happening, particulars?: Particulars): void {
    open();
    tell(showing.message, happening, dismiss, particulars);
  }

  function open(): void {
    if (opened || gone) return;
    opened = true;
    showing.trail = trail;
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
    stop?.();
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

  /** A step cannot be shown. Where only what it stands at is missing, perhaps that is on the next page. */
  function fail(reason: string): void {
    if (gone) return;
    const missing = reason === "target";
    if (opened && !missing) {
      failed(reason);
      return dismiss();
    }
    hide();
    tell(showing.message, "error", dismiss, { reason });
    ended(missing && reason);
  }

  function pressed(button: Button, event?: MouseEvent): void {
    if (gone || stop || extensions.some((extension) => extension.press?.(button, shown))) return;
    const { name: actionName, action: actionValue } = button;
    happened("action", { actionName, actionValue });
    if (actionValue === "next") go(steps[steps.indexOf(trail.at(-1)!) + 1], actionValue);
    else if (actionValue === "dismiss") dismiss();
    else if (!actionValue.startsWith("event:")) follow(actionValue, !!(event?.ctrlKey || event?.metaKey));
  }

  function go(following: Step | undefined, actionValue: string): void {
    if (!following || gone) return dismiss();
    trail.push(following);
    enter(following, () => {
      frame.changed();
      happened("changed", { actionName: following.name, actionValue });
    });
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
      failed: () => failed("image"),
      node: (node, children) => first((extension) => extension.node?.(node, children)),
    });
    for (const extension of extensions) extension.build?.(current, section, shown);
    return section;
  }

  /** Brings a step up as soon as it can stand on the page. */
  function enter(step: Step, came: () => void): void {
    attempt(() => {
      const section = build(step);
      const fill = (): void => {
        frame.place.replaceChildren(section);
        frame.root.scrollTop = 0;
        came();
      };
      const come = (): void => {
        stop = undefined;
        nameFrame(frame.root, step, section);
        if (entered) return fill();
        if (!opened && !tell(showing.message, "opening", () => {})) {
          hide();
          return ended(PREVENTED);
        }
        entered = true;
        attempt(() => frame.open(host, fill));
      };
      stop = frame.wait?.(step, section, come, () => fail("target"));
      if (!frame.wait) come();
    });
  }

  function attempt(action: () => void): void {
    try {
      action();
    } catch {
      fail("content");
    }
  }

  /** Two frames later it has been painted, if the visitor need not open it first. A hidden tab paints none until it is looked at. */
  function soon(): void {
    requestAnimationFrame(() => requestAnimationFrame(() => entered && frame.place.firstChild && open()));
  }

  function make(at: Placement): Frame {
    const beacon = content.beacon && !entered;
    const made = first((extension) => extension.frame?.(at, beacon)) ?? frameAt(at);
    if (at.width) made.root.style.setProperty("--width", `${at.width}px`);
    made.onClosed(() => frame.root === made.root && dismiss());
    return made;
  }

  function mount(made: Frame): void {
    root.append(made.root);
    made.root.append(closeButton(dismiss), made.place);
    // What has left the page has no size any more. Who took it off may want to keep the page as it is a moment later.
    new ResizeObserver(() => setTimeout(() => gone || showing.stands(true) || swept())).observe(made.root);
  }

  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [look, styleSheet(style)];
  const shown: Shown = { key: keyOf(message), content, steps, trail, root, make, mount, happened, pressed, go, dismiss };
  if (!opened) trail.push(...(first((extension) => extension.begin?.(shown)) ?? [steps[0]!]));
  const touring = first((extension) => extension.tour?.(shown));
  frame = touring ?? make(content);
  if (!touring) mount(frame);
  enter(trail.at(-1)!, soon);
  soon();
  return showing;
}
