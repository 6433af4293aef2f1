import { element } from "../dom";
import type { TextNode } from "../message";
import type { Shown } from "../show/extension";
import css from "./markup.css";

/** The tags of a text that few messages have. The Go side allows the same, see engine/content. */
const TAGS = [
  "hr", "div", "span", "u", "s", "small", "mark", "sub", "sup", "kbd", "code", "pre", "img", "dl", "dt", "dd", "blockquote", "h3", "h4",
  "figure", "figcaption", "video", "track", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
] as const;

let sheet: CSSStyleSheet | undefined;

export function build(_step: unknown, _section: unknown, { root }: Shown): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  root.adoptedStyleSheets = [...new Set([...root.adoptedStyleSheets, sheet])];
}

export function node({ tag, src, alt, width, height, poster, language, label }: TextNode, children: (Node | string)[]): Node | undefined {
  const known = TAGS.find((name) => name === tag);
  switch (known) {
    case undefined:
      return undefined;
    case "img":
      return element(known, { src, alt: alt ?? "", width, height });
    case "track":
      return element(known, { kind: "captions", src, srclang: language, label });
    case "video":
      return element(known, { controls: "", playsinline: "", preload: "metadata", src, "aria-label": alt, width, height, poster }, ...children);
    default:
      return element(known, {}, ...children);
  }
}
