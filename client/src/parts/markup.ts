import { element } from "../dom";
import type { TextNode } from "../message";
import type { Shown } from "../show/extension";
import css from "./markup.css";

/** The tags of a text that few messages have. The Go side allows the same, see engine/content. */
const TAGS = [
  "hr", "div", "span", "u", "s", "small", "mark", "sub", "sup", "kbd", "code", "pre", "img", "dl", "dt", "dd", "blockquote", "h3", "h4",
  "figure", "figcaption", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
] as const;

let sheet: CSSStyleSheet | undefined;

export function build(_step: unknown, _section: unknown, { root }: Shown): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  root.adoptedStyleSheets = [...new Set([...root.adoptedStyleSheets, sheet])];
}

export function node({ tag, src, alt, width, height }: TextNode, children: (Node | string)[]): Node | undefined {
  const known = TAGS.find((name) => name === tag);
  if (!known) return undefined;
  return known === "img" ? element(known, { src, alt: alt ?? "", width, height }) : element(known, {}, ...children);
}
