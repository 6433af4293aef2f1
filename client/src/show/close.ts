import { element } from "../dom";

/** The button that closes a message; the sheet draws its cross. It says which language its name is in: the page may have another. */
export function closeButton(pressed: () => void): HTMLElement {
  const button = element("button", { type: "button", class: "close", part: "close", "aria-label": "Close", lang: "en" });
  button.addEventListener("click", pressed);
  return button;
}
