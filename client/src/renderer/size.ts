import type { Host } from "./protocol";

/** More than any screen is high: the client makes the frame as high as the page. */
const WHOLE_SCREEN = 100_000;
/** Milliseconds in which the client has grown the frame. */
const SETTLED = 300;

/**
 * Tells the client how high the message is, now and whenever that changes. It is measured at once: in a frame without
 * size the browser neither paints nor observes.
 */
export function watchSize(host: Host, watched: Element, measure: () => number): { tell(): void } {
  let last = 0;
  let timer = 0;
  const { documentElement } = document;

  function tell(): void {
    last = Math.ceil(measure());
    if (last) host.sized(last);
  }

  // While the frame grows, bars would come and go; they stay where a message is higher than the page.
  function fit(): void {
    clearTimeout(timer);
    timer = setTimeout(() => documentElement.style.setProperty("overflow-y", last > innerHeight + 1 ? "auto" : "hidden"), SETTLED);
  }

  new ResizeObserver(() => {
    if (Math.ceil(measure()) !== last) tell();
    fit();
  }).observe(watched);
  addEventListener("resize", fit);
  tell();
  return { tell };
}

/** How high the message is that is drawn in the body; one that fills the screen is higher than any. */
export function heightOf(display: string): number {
  return display === "fullscreen" ? WHOLE_SCREEN : document.body.getBoundingClientRect().height;
}
