import { element } from "../dom";
import type { Placement } from "../message";
import type { Frame } from "../show/frame";

/** The displays that a message can have here, and whether they take the focus, as in our own client. */
const DISPLAYS: Record<string, boolean> = { modal: true, fullscreen: true, banner: false, toast: false, inline: false, tooltip: false };

export class UnknownDisplay extends Error {}

/** What a message stands in when the frame around it is another client's: it fills that. */
export function page({ display, flow }: Placement): Frame & { focus(): void } {
  if (!Object.hasOwn(DISPLAYS, display)) throw new UnknownDisplay(display);
  const takesFocus = DISPLAYS[display];
  const root = element("section", { class: `${display} framed`, part: display, "data-flow": flow, role: takesFocus ? "dialog" : "region", tabindex: -1 });
  const focus = (): void => {
    if (takesFocus) root.focus({ preventScroll: true });
  };
  return {
    root,
    place: element("div", { "aria-live": takesFocus ? undefined : "polite" }),
    open(host, fill) {
      document.body.append(host);
      fill();
    },
    focus,
    // Focus must not be lost with the button that was pressed.
    changed: () => root.focus({ preventScroll: true }),
    close() {},
    onClosed(ended) {
      addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && ended());
    },
  };
}
