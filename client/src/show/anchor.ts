import { isRendered } from "./target";

/** Pixels between a box and what it stands at, where we measure; the sheet says the same where the browser does. */
const GAP = 12;
/** Pixels that the arrow keeps away from a box's corners, and a box from the edges of the screen. */
const MARGIN = 16;

const OPPOSITE: Record<string, string> = { top: "bottom", bottom: "top", left: "right", right: "left" };

/**
 * Shows a popover at an element: at one of its sides or, as a dot, at its "corner"; and keeps it there. The browser does
 * that where it can have an element outside of our shadow root as an anchor; else it is measured. Returns what hides it.
 */
export function anchor(box: HTMLElement, at: HTMLElement, side: string): () => void {
  let anchored = false;
  box.showPopover({
    get source() {
      anchored = CSS.supports("position-area", "top");
      return at;
    },
  });
  box.toggleAttribute("data-measured", !anchored);
  box.style.setProperty("position-area", side);
  let frame = 0;
  let frames = 0;

  function tick(): void {
    settle();
    frame = --frames && requestAnimationFrame(tick);
  }

  function settle(): void {
    const there = at.getBoundingClientRect();
    box.toggleAttribute("data-away", !isRendered(at));
    if (!anchored) measure(box, there, side);
    const here = box.getBoundingClientRect();
    const now = here.top >= there.bottom ? "bottom" : here.bottom <= there.top ? "top" : here.left >= there.right ? "right" : "left";
    box.dataset.side = now;
    const [middle, length] =
      now in { top: 1, bottom: 1 } ? [there.left + there.width / 2 - here.left, here.width] : [there.top + there.height / 2 - here.top, here.height];
    box.style.setProperty("--at", `${Math.max(MARGIN, Math.min(middle, length - MARGIN))}px`);
  }

  /** The browser may turn the box to another side only some frames later. */
  const soon = (): void => {
    frames = 4;
    frame ||= requestAnimationFrame(tick);
  };
  /** The browser keeps what it reckoned where the page was then; after scrolling it shall do so anew. */
  const anew = (): void => {
    box.style.setProperty("position-anchor", "none");
    box.getBoundingClientRect();
    box.style.removeProperty("position-anchor");
    soon();
  };
  /** Where the browser does not, we make it the next stop of the keyboard after what it stands at. */
  const enter = (event: KeyboardEvent): void => {
    if (anchored || event.key !== "Tab" || event.shiftKey) return;
    event.preventDefault();
    box.focus();
  };
  const resized = new ResizeObserver(soon);
  resized.observe(box);
  resized.observe(at);
  const scrolling = { capture: true, passive: true };
  addEventListener("scroll", soon, scrolling);
  addEventListener("scrollend", anew, scrolling);
  addEventListener("resize", soon);
  at.addEventListener("keydown", enter);
  settle();
  return () => {
    cancelAnimationFrame(frame);
    resized.disconnect();
    removeEventListener("scroll", soon, scrolling);
    removeEventListener("scrollend", anew, scrolling);
    removeEventListener("resize", soon);
    at.removeEventListener("keydown", enter);
    box.hidePopover();
  };
}

/** Places a box where the browser cannot: at its side, at the opposite one or above or below, wherever there is room. */
function measure(box: HTMLElement, there: DOMRect, side: string): void {
  const { offsetWidth: width, offsetHeight: height, style } = box;
  const room: Record<string, number> = {
    bottom: innerHeight - there.bottom - height, top: there.top - height, right: innerWidth - there.right - width, left: there.left - width,
  };
  const chosen = [side, OPPOSITE[side] ?? side, "bottom", "top"].find((one) => room[one]! >= GAP) ?? side;
  const within = (middle: number, size: number, whole: number): number => Math.max(MARGIN / 2, Math.min(middle - size / 2, whole - size - MARGIN / 2));
  let left = within((there.left + there.right) / 2, width, innerWidth);
  let top = within((there.top + there.bottom) / 2, height, innerHeight);
  if (side === "corner") [left, top] = [within(there.right, width, innerWidth), there.top - height / 2];
  else if (chosen === "bottom") top = there.bottom + GAP;
  else if (chosen === "top") top = there.top - height - GAP;
  else if (chosen === "right") left = there.right + GAP;
  else left = there.left - width - GAP;
  Object.assign(style, { left: `${left}px`, top: `${top}px` });
}
