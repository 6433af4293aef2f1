/** A random id of 128 bits: a UUID, or four numbers on pages without https, which have no randomUUID. */
export function newId(): string {
  return crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** The id of this load of the page. Where nothing may be kept, it stands for the browser. */
export const view = newId();
