import { element } from "../dom";
import type { Placement } from "../message";
import type { Frame } from "./frame";

/** A native modal dialog: the browser makes the page behind it inert, closes it on Escape and gives the focus back. */
export function dialog({ display, position, closeOutside, overlayColor = "" }: Placement): Frame {
  const root = element("dialog", {
    class: display, part: display, "data-position": position, closedby: closeOutside ? "any" : undefined, tabindex: -1,
  });
  root.style.setProperty("--backdrop", overlayColor);
  return {
    root,
    place: element("div"),
    open(host, fill) {
      document.body.append(host);
      fill();
      root.showModal();
      // The browser would choose the first button. The dialog itself is heard from its
      // name on, and a key that was meant for the page presses nothing.
      root.focus();
    },
    changed: () => root.focus(),
    close: () => root.close(),
    onClosed: (ended) => root.addEventListener("close", ended),
  };
}
