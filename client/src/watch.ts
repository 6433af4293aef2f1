/** Watching the page without ticking: each of these calls back at most once a cause, and returns what stops it. */

const LONGEST_TIMER = 2 ** 31 - 1;
/** Milliseconds on a page before the pointer's leaving it says that the visitor is about to go. */
const SETTLED = 1_000;

/** Rings once no milliseconds are left, as soon as the tab is looked at. Nothing runs while it is not. */
export function alarm(left: () => number, ring: () => void): () => void {
  let timer = 0;
  const set = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") return;
    timer = setTimeout(() => {
      if (left() > 0) return set();
      stop();
      ring();
    }, Math.min(Math.max(left(), 0), LONGEST_TIMER));
  };
  const stop = (): void => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", set);
  };
  document.addEventListener("visibilitychange", set);
  set();
  return stop;
}

/** Rings when the tab has been looked at for some milliseconds. */
export function lookedAt(length: number, ring: () => void): () => void {
  let total = 0;
  let since = performance.now();
  let visible = document.visibilityState !== "hidden";
  const turned = (): void => {
    if (visible) total += performance.now() - since;
    visible = document.visibilityState !== "hidden";
    since = performance.now();
  };
  document.addEventListener("visibilitychange", turned);
  const stop = alarm(() => length - total - (visible ? performance.now() - since : 0), ring);
  return () => {
    document.removeEventListener("visibilitychange", turned);
    stop();
  };
}

const INPUTS = ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchstart"];

/** Rings each time the visitor has done nothing for some milliseconds; coming back to the tab is something. */
export function idleSince(length: number, ring: () => void): () => void {
  let last = performance.now();
  let stop: (() => void) | undefined;
  const wait = (): void => {
    stop = alarm(() => last + length - performance.now(), () => {
      stop = undefined;
      ring();
    });
  };
  const did = (): void => {
    last = performance.now();
    if (!stop) wait();
  };
  const options = { capture: true, passive: true };
  for (const input of INPUTS) addEventListener(input, did, options);
  document.addEventListener("visibilitychange", did, true);
  wait();
  return () => {
    for (const input of INPUTS) removeEventListener(input, did, options);
    document.removeEventListener("visibilitychange", did, true);
    stop?.();
  };
}

/** Rings when the mouse leaves the page at its top, to the address or another tab. */
export function atExit(ring: () => void): () => void {
  const began = performance.now();
  const left = ({ clientY }: MouseEvent): void => {
    if (clientY <= 0 && performance.now() - began > SETTLED) ring();
  };
  const page = document.documentElement;
  page.addEventListener("mouseleave", left);
  return () => page.removeEventListener("mouseleave", left);
}

/** Rings when the page has been scrolled by some percent of the way. What lies below that point is covered by an empty element. */
export function atScroll(percent: number, ring: () => void): () => void {
  const page = document.documentElement;
  const mark = document.createElement("handbill-mark");
  mark.ariaHidden = "true";
  Object.assign(mark.style, { position: "absolute", left: "0", width: "1px", visibility: "hidden", pointerEvents: "none" });
  const place = (): void => {
    mark.style.height = "0";
    const { scrollHeight, clientHeight } = page;
    // Where the lower edge of the window then is; a pixel less, for heights have fractions.
    const top = clientHeight + ((scrollHeight - clientHeight) * percent) / 100 - 2;
    mark.style.top = `${top}px`;
    mark.style.height = `${Math.max(scrollHeight - top, 1)}px`;
  };
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    stop();
    ring();
  });
  const grown = new ResizeObserver(place);
  const stop = (): void => {
    seen.disconnect();
    grown.disconnect();
    mark.remove();
  };
  place();
  page.append(mark);
  seen.observe(mark);
  grown.observe(page);
  return stop;
}
