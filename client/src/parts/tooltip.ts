import { element } from "../dom";
import type { Placement } from "../message";
import { anchor } from "../show/anchor";
import { focusOf, onEscape } from "../show/focus";
import type { Frame } from "../show/frame";
import { isRendered, matches, waitFor } from "../show/target";

/**
 * A box with an arrow at an element of the page, or a dot that opens it. Both are popovers of that element: they lie above the
 * page without a z-index, move with the element, and come right after it in the order of the keyboard.
 */
export function frame({ display, position = "bottom", target, arrowColor = "" }: Placement, beacon: boolean): Frame | undefined {
  if (display !== "tooltip") return undefined;
  const root = element("section", { class: display, part: display, popover: "manual", "data-position": position, tabindex: -1 });
  root.style.setProperty("--arrow", arrowColor);
  const dot = element("button", { type: "button", class: "beacon", part: "beacon", popover: "manual" });
  const focus = [focusOf(root), focusOf(dot)] as const;
  let unfolded = !beacon;
  let stands = false;
  let at: HTMLElement;
  let fill: (() => void) | undefined;
  let missing = (): void => {};
  let ended = (): void => {};
  /** What undoes everything that is going on. */
  let undo: (() => void)[] = [];

  function stop(): void {
    for (const one of undo.splice(0)) one();
  }

  const escape = ({ key }: KeyboardEvent): void => {
    if (key === "Escape" && unfolded) ended();
  };
  const find = (): HTMLElement | undefined => matches(target).find(isRendered);

  function stand(): void {
    const left = new MutationObserver(() => {
      if (at.isConnected || !root.isConnected) return;
      // Perhaps it comes again, as when a framework draws it anew.
      stop();
      seek(stand);
    });
    left.observe(document, { childList: true, subtree: true });
    undo.push(() => left.disconnect());
    const target = at;
    target.addEventListener("keydown", escape);
    undo.push(() => target.removeEventListener("keydown", escape));
    if (beacon) undo.push(anchor(dot, at, "corner"));
    if (unfolded) unfold();
  }

  function unfold(): void {
    undo.push(anchor(root, beacon ? dot : at, position));
    if (fill) requestAnimationFrame(fill);
    fill = undefined;
  }

  function seek(then: () => void): void {
    const waiting = waitFor(find, (found) => {
      at = found;
      then();
    }, missing);
    if (waiting) undo.push(waiting);
  }

  dot.addEventListener("click", () => {
    unfolded = !unfolded;
    dot.ariaExpanded = `${unfolded}`;
    if (unfolded) unfold();
    else undo.pop()!();
  });

  return {
    root,
    // Read out when it comes; it never takes the focus.
    place: element("div", { "aria-live": "polite" }),
    wait(_step, _section, come, gone) {
      missing = gone;
      if (stands) come();
      else seek(come);
      return stands || !undo.length ? undefined : stop;
    },
    open(host, filled) {
      const began = !host.isConnected;
      stands = true;
      // In a dialog of the site's own, nothing else can be used.
      (at.closest("dialog[open]") ?? document.body).append(host);
      if (beacon) root.before(dot);
      dot.ariaLabel = root.ariaLabel;
      dot.ariaExpanded = "false";
      fill = filled;
      undo = [];
      if (!began) reveal(at);
      stand();
    },
    changed() {
      if (focus[0].visited()) root.focus({ preventScroll: true });
    },
    close() {
      // Where nothing had the focus before, what it stands at is next to it.
      if (focus.map((one) => one.back()).some(Boolean) && (root.getRootNode() as ShadowRoot).activeElement) at.focus();
      stop();
      dot.remove();
    },
    onClosed(callback) {
      ended = callback;
      onEscape(root, ended);
    },
  };
}

/** Scrolls to an element that is out of sight: the visitor has asked for what is said of it. */
function reveal(at: HTMLElement): void {
  const { top, bottom, left, right } = at.getBoundingClientRect();
  if (top < 0 || left < 0 || bottom > innerHeight || right > innerWidth) at.scrollIntoView({ block: "center", inline: "nearest" });
}
