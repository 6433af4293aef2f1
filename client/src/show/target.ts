/** Milliseconds that a step waits for the element at which it stands. */
const PATIENCE = 10_000;

/**
 * Calls ready with an element as soon as it is on the page: at once, or later, and then returns what stops waiting; calls
 * missing when it does not come.
 */
export function waitFor(find: () => HTMLElement | undefined, ready: (found: HTMLElement) => void, missing: () => void): (() => void) | undefined {
  const now = find();
  if (now) {
    ready(now);
    return undefined;
  }
  const stop = (): void => {
    observer.disconnect();
    clearTimeout(timer);
  };
  const observer = new MutationObserver(() => {
    const found = find();
    if (!found) return;
    stop();
    ready(found);
  });
  observer.observe(document, { childList: true, subtree: true, attributes: true });
  const timer = setTimeout(() => {
    stop();
    missing();
  }, PATIENCE);
  return stop;
}

/** The elements that a selector finds; none where it is not one. */
export function matches(selector = ""): HTMLElement[] {
  try {
    return [...document.querySelectorAll<HTMLElement>(selector)];
  } catch {
    return [];
  }
}

/** Whether an element takes any room on the page. */
export function isRendered(target: Element): boolean {
  return target.getClientRects().length > 0;
}
