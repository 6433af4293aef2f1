import { element } from "../dom";
import type { Frame } from "./frame";

/** A native modal dialog: the browser makes the page behind it inert, closes it on Escape and gives the focus back. */
export function modal(position: string | undefined): Frame {
  const root = element("dialog", { class: "modal", part: "modal", "data-position": position, tabindex: -1 });
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
