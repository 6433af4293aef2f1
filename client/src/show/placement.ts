import type { Content, Placement } from "../message";

/** The slot of what the page cannot be used behind. */
export const MODAL = "modal";

/** Displays with their positions, as far as the core has them. */
const KNOWN = /^(modal |fullscreen|banner (top|bottom|)$|toast (top|bottom)|inline|tooltip)/;

/** The slot that a message takes on the page, which holds one; undefined where there is no such place. The edge hands out messages by the same. */
export function slotOf(content: Content | null): string | undefined {
  const { display, position = "", target = "" } = content ?? ({} as Placement);
  if (!KNOWN.test(`${display} ${position}`)) return undefined;
  if (display === MODAL || display === "fullscreen") return MODAL;
  return [display, display === "tooltip" || position, target].join(" ");
}
