import { element } from "../dom";
import type { Frame } from "./frame";

/** A landmark at an edge of the screen that never takes the focus. As a popover it needs no z-index. */
export function banner(position: "top" | "bottom"): Frame {
  const root = element("section", { class: "banner", part: "banner", popover: "manual", "data-position": position, tabindex: -1 });
  let ended = (): void => {};
  /** What had the focus before the visitor went into the banner. */
  let before: EventTarget | null = null;

  root.addEventListener("focusin", ({ relatedTarget }) => {
    if (!root.contains(relatedTarget as Node | null)) before = relatedTarget;
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    ended();
  });

  return {
    root,
    // A live region is read out when something comes into it, not when it comes itself.
    place: element("div", { "aria-live": "polite" }),
    open(host, fill) {
      // In the order of the page, too, a banner at the top comes first.
      if (position === "top") document.body.prepend(host);
      else document.body.append(host);
      root.showPopover?.();
      requestAnimationFrame(fill);
    },
    changed() {
      if (root.matches(":focus-within") || before) root.focus();
    },
    close() {
      if (root.matches(":focus-within")) (before as HTMLElement | null)?.focus?.();
    },
    onClosed: (callback) => (ended = callback),
  };
}
