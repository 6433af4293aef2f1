import type { Button } from "../message";
import type { Shown } from "../show/extension";

const COPY = "copy:";

/** Copies a text. A frame of another origin is not let near the clipboard but by the command of old, with the press of a button. */
export function press(button: Button, shown: Shown): boolean {
  if (!button.action.startsWith(COPY)) return false;
  shown.happened("action", { actionName: button.name, actionValue: button.action });
  const pressed = shown.root.activeElement as HTMLElement | null;
  const text = document.createElement("textarea");
  text.value = button.action.slice(COPY.length);
  text.className = "copied";
  text.setAttribute("aria-hidden", "true");
  document.body.append(text);
  text.select();
  if (document.execCommand("copy")) shown.root.querySelector(`[name="${CSS.escape(button.name)}"]`)?.setAttribute("data-done", "");
  text.remove();
  pressed?.focus();
  return true;
}
