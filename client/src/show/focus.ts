export interface Focus {
  /** Whether the visitor is, or was, in it. */
  visited(): boolean;
  /** Gives the focus back to where it was before, if it is in it; returns whether it was. */
  back(): boolean;
}

/** Remembers what had the focus before the visitor went into something that never takes it by itself. */
export function focusOf(root: HTMLElement): Focus {
  let before: EventTarget | null = null;
  root.addEventListener("focusin", ({ relatedTarget }) => {
    if (!root.contains(relatedTarget as Node | null)) before = relatedTarget;
  });
  const within = (): boolean => root.matches(":focus-within");
  return {
    visited: () => within() || !!before,
    back() {
      const is = within();
      if (is) (before as HTMLElement | null)?.focus?.({ preventScroll: true });
      return is;
    },
  };
}

/** Calls back on Escape in an element; elsewhere Escape is the page's. */
export function onEscape(within: HTMLElement, pressed: () => void): void {
  within.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    pressed();
  });
}
