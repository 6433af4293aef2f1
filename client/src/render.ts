import { element } from "./dom";
import { safeAddress } from "./link";
import type { Button, Image, Step, TextNode } from "./message";

/** The tags that most texts have; a part knows the others. The Go side writes the same, see engine/content. */
const TAGS = /^(p|br|strong|em|a|ul|ol|li)$/;

export interface Handlers {
  pressed(button: Button, event: MouseEvent): void;
  failed(): void;
  /** Builds what the core does not know. */
  node(node: TextNode, children: (Node | string)[]): Node | undefined;
}

/** Builds one step as DOM; throws when there is nothing in it. Content.HTML in Go writes the same tree; a test holds them equal. */
export function renderStep(step: Step, handlers: Handlers): HTMLElement {
  const section = element("section", { "data-step": step.name });
  if (step.title) section.append(element("h2", {}, step.title));
  if (step.image) section.append(renderImage(step.image, handlers));
  if (step.body?.length) section.append(element("div", { class: "body" }, ...renderNodes(step.body, handlers)));
  if (step.buttons?.length) {
    section.append(element("div", { class: "buttons" }, ...step.buttons.map((button) => renderButton(button, handlers))));
  }
  // A part adds what the core does not know.
  if (!section.firstChild && !step.frame && !step.fields) throw new Error();
  return section;
}

function renderNodes(nodes: TextNode[] = [], handlers: Handlers): (Node | string)[] {
  return nodes.flatMap((node) => {
    if (!node.tag) return [node.text ?? ""];
    const tag = TAGS.test(node.tag) && (node.tag as "p");
    const children = renderNodes(node.children, handlers);
    // A tag of a later version shows its text.
    if (!tag) return handlers.node(node, children) ?? children;
    return [element(tag, { href: node.tag === "a" && safeAddress(node.href) ? node.href : undefined }, ...children)];
  });
}

/** The width and height reserve the picture's place before it arrives. */
function renderImage({ src, alt, width, height }: Image, handlers: Handlers): HTMLElement {
  const image = element("img", { src, alt, width: width || undefined, height: height || undefined });
  image.addEventListener("error", () => {
    image.remove();
    handlers.failed();
  });
  return image;
}

function renderButton(button: Button, handlers: Handlers): HTMLElement {
  const made = element("button", { type: "button", name: button.name, value: button.action }, button.text);
  made.addEventListener("click", (event) => handlers.pressed(button, event));
  return made;
}
