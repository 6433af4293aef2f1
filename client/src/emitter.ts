/** What a site passes to be called: a function or, as for the platform's events, an object with handleEvent. */
export type Listener = ((...args: never[]) => unknown) | { handleEvent(...args: never[]): unknown };

export interface Emitter {
  on(name: string, listener: Listener): void;
  once(name: string, listener: Listener): void;
  off(name: string, listener?: Listener): void;
  emit(name: string, ...args: unknown[]): void;
}

export function createEmitter(): Emitter {
  const listeners = new Map<string, Map<Listener, boolean>>();
  const of = (name: string): Map<Listener, boolean> => {
    const known = listeners.get(name) ?? new Map<Listener, boolean>();
    listeners.set(name, known);
    return known;
  };
  return {
    on: (name, listener) => void of(name).set(listener, false),
    once: (name, listener) => void of(name).set(listener, true),
    off: (name, listener) => void (listener ? of(name).delete(listener) : of(name).clear()),
    emit(name, ...args) {
      for (const [listener, once] of [...of(name)]) {
        if (once) of(name).delete(listener);
        try {
          if (typeof listener === "function") listener(...(args as never[]));
          else listener.handleEvent(...(args as never[]));
        } catch (error) {
          // The site's own mistake, shown to the site's developer; it must not stop us.
          reportError(error);
        }
      }
    },
  };
}
