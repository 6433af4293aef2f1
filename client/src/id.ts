/** A random id of 128 bits: a UUID, or the bits alone on pages without https, which have no randomUUID. */
export function newId(): string {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The id of this load of the page. Where nothing may be kept, it stands for the browser. */
export const view = newId();
