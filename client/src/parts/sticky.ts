import { element } from "../dom";
import type { Placement } from "../message";
import { floating } from "../show/floating";
import type { Frame } from "../show/frame";

/** A banner that stays in sight over the page, which has room for it: it covers nothing at the page's edge. */
export function frame(at: Placement): Frame | undefined {
  if (at.flow !== "sticky") return undefined;
  const made = floating(at);
  const room = element("div");
  return {
    ...made,
    open(host, fill) {
      made.root.before(room);
      new ResizeObserver(() => (room.style.height = `${made.root.offsetHeight}px`)).observe(made.root);
      made.open(host, fill);
    },
    close() {
      made.close();
      room.remove();
    },
  };
}
