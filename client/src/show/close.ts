import { element } from "../dom";

const SVG = "http://www.w3.org/2000/svg";

/** The button that closes a message. It says which language its name is in: the page may have another. */
export function closeButton(pressed: () => void): HTMLElement {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const cross = document.createElementNS(SVG, "path");
  cross.setAttribute("d", "M3.5 3.5l9 9m0-9l-9 9");
  icon.append(cross);
  const button = element("button", { type: "button", class: "close", part: "close", "aria-label": "Close", lang: "en" }, icon);
  button.addEventListener("click", pressed);
  return button;
}
