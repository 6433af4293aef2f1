import { element } from "./dom";
import { safeAddress } from "./link";
import type { Button, Image, Step, TextNode } from "./message";

/** The tags of a text. The Go side writes the same, see engine/content. */
const TAGS = ["p", "br", "strong", "em", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h3"] as const;

export interface Handlers {
  pressed(button: Button, event: MouseEvent): void;
  imageFailed(): void;
}

/** Builds one step as DOM; throws when there is nothing in it. Content.HTML in Go writes the same tree; a test holds them equal. */
export function renderStep(step: Step, handlers: Handlers): HTMLElement {
  const section = element("section", { "data-step": step.name });
  if (step.title) section.append(element("h2", {}, step.title));
  if (step.image) section.append(renderImage(step.image, handlers));
  if (step.body?.length) section.append(element("div", { class: "body" }, ...renderNodes(step.body)));
  if (step.buttons?.length) {
    section.append(element("div", { class: "buttons" }, ...step.buttons.map((button) => renderButton(button, handlers))));
  }
  if (!section.firstChild) throw new Error("an empty step");
  return section;
}

function renderNodes(nodes: TextNode[] = []): (Node | string)[] {
  return nodes.flatMap((node) => {
    if (!node.tag) return [node.text ?? ""];
    const tag = TAGS.find((known) => known === node.tag);
    const children = renderNodes(node.children);
    // A tag of a later version shows its text.
    if (!tag) return children;
    return [element(tag, { href: tag === "a" && safeAddress(node.href) ? node.href : undefined }, ...children)];
  });
}

/** The width and height reserve the picture's place before it arrives. */
function renderImage({ src, alt, width, height }: Image, handlers: Handlers): HTMLElement {
  const image = element("img", { src, alt, width: width || undefined, height: height || undefined });
  image.addEventListener("error", () => {
    image.remove();
    handlers.imageFailed();
  });
  return image;
}

function renderButton(button: Button, handlers: Handlers): HTMLElement {
  const made = element("button", { type: "button", name: button.name, value: button.action }, button.text);
  made.addEventListener("click", (event) => handlers.pressed(button, event));
  return made;
}
