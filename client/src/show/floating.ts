import { element } from "../dom";
import type { Placement } from "../message";
import { focusOf, onEscape } from "./focus";
import type { Frame } from "./frame";

/** A banner or a toast: a landmark at an edge of the screen that never takes the focus. As a popover it needs no z-index. */
export function floating({ display, position = "top", flow }: Placement): Frame {
  const pushes = flow === "push";
  const root = element("section", {
    class: display, part: display, "data-position": position, "data-flow": flow, popover: pushes ? undefined : "manual", tabindex: -1,
  });
  const focus = focusOf(root);

  return {
    root,
    // A live region is read out when something comes into it, not when it comes itself.
    place: element("div", display === "toast" ? { role: "status" } : { "aria-live": "polite" }),
    open(host, fill) {
      // In the order of the page, too, what stands at the top comes first.
      if (position.startsWith("top")) document.body.prepend(host);
      else document.body.append(host);
      if (!pushes) root.showPopover?.();
      requestAnimationFrame(fill);
    },
    changed() {
      if (focus.visited()) root.focus();
    },
    close: focus.back,
    onClosed: (ended) => onEscape(root, ended),
  };
}
