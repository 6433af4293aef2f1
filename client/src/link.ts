import { attempt } from "./storage";

/** The whole address that a link, button or image leads to; undefined where its scheme is not one that only opens something. */
export function safeAddress(address: string | undefined): string | undefined {
  return attempt(() => {
    const { protocol, href } = new URL(address!, document.baseURI);
    return /^(https?|mailto|tel):$/.test(protocol) ? href : undefined;
  });
}
