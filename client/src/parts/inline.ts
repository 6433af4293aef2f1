import { element } from "../dom";
import type { Placement } from "../message";
import { focusOf } from "../show/focus";
import type { Frame } from "../show/frame";
import { matches, waitFor } from "../show/target";

/** Milliseconds that a message waits for pictures whose size nobody said. */
const PATIENCE = 3_000;

/** Before these, htmx and Turbo keep a page for those who come back to it: as the site made it, not as we changed it. */
const KEEPING = ["htmx:beforeHistorySave", "turbo:before-cache"];

/** A message in the page itself, at an element. It comes at once with the size that it keeps, so that the page moves once at most. */
export function frame({ display, position = "inside", target }: Placement): Frame | undefined {
  if (display !== "inline") return undefined;
  const root = element("section", { class: display, part: display, tabindex: -1 });
  const focus = focusOf(root);
  let at: HTMLElement | undefined;
  let back = (): void => {};
  let aside = (): void => {};
  return {
    root,
    place: element("div"),
    wait(_step, section, come, missing) {
      if (at) {
        come();
        return undefined;
      }
      let stop: (() => void) | undefined;
      let stopped = false;
      const find = (): HTMLElement | undefined => matches(target)[0];
      const seek = (): void => {
        stop = waitFor(find, (found) => void sized(section).then(() => {
          if (stopped) return;
          if (!found.isConnected) return seek();
          at = found;
          come();
        }), missing);
      };
      seek();
      return () => {
        stopped = true;
        stop?.();
      };
    },
    open(host, fill) {
      // It stands among the site's own, which Turbo may bring anew: then it comes to its place again.
      delete host.dataset.turboPermanent;
      back = stand(host, at!, position);
      aside = () => {
        back();
        host.remove();
      };
      for (const kept of KEEPING) document.addEventListener(kept, aside);
      fill();
    },
    changed() {
      if (focus.visited()) root.focus({ preventScroll: true });
    },
    close() {
      for (const kept of KEEPING) document.removeEventListener(kept, aside);
      focus.back();
      back();
    },
    onClosed: () => {},
  };
}

/** Resolves when no picture can change the size of a section any more. */
function sized(section: HTMLElement): Promise<unknown> {
  const unknown = [...section.querySelectorAll("img")].filter((image) => !(image.complete || (image.width && image.height)));
  const loaded = unknown.map((image) => image.decode().catch(() => {}));
  return Promise.race([Promise.all(loaded), new Promise((done) => setTimeout(done, PATIENCE))]);
}

/** Puts the host at an element; returns what makes the page as it was. */
function stand(host: HTMLElement, at: HTMLElement, position: string): () => void {
  if (position === "replace") {
    // It only steps aside: what the site's own code holds on to stays where it is.
    const was = [at.style.getPropertyValue("display"), at.style.getPropertyPriority("display")] as const;
    at.style.setProperty("display", "none", "important");
    at.before(host);
    return () => at.style.setProperty("display", ...was);
  }
  if (position === "inside") {
    const own = [...at.childNodes];
    at.replaceChildren(host);
    return () => host.parentNode === at && at.append(...own);
  }
  if (position === "before" || position === "after" || position === "prepend") at[position](host);
  else at.append(host);
  return () => {};
}
