const SAFE_SCHEMES = ["http:", "https:", "mailto:", "tel:"];

/** The whole address that a link, button or image leads to; undefined where its scheme is not one that only opens something. */
export function safeAddress(address: string | undefined): string | undefined {
  try {
    const url = new URL(address!, document.baseURI);
    return SAFE_SCHEMES.includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
