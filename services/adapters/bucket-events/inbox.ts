/** Things that are pushed as they happen and taken one after the other. */
export interface Inbox<T> {
  push(thing: T): void;
  /** No more will come; what is in is still taken, then the error is thrown, if there is one. */
  close(error?: Error): void;
  [Symbol.asyncIterator](): AsyncGenerator<T, void>;
}

/** An inbox for at most `countMax` things; one more empties it and leaves `overflow` in their place. */
export function openInbox<T>(options: { countMax: number; overflow: T }): Inbox<T> {
  let things: T[] = [];
  let closed: { error?: Error } | null = null;
  let wake: () => void = () => undefined;
  return {
    push: (thing) => {
      if (closed !== null) return;
      if (things.length >= options.countMax) things = [options.overflow];
      else things.push(thing);
      wake();
    },
    close: (error) => {
      closed ??= error === undefined ? {} : { error };
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const taken = things;
        things = [];
        yield* taken;
        if (things.length > 0) continue;
        if (closed?.error) throw closed.error;
        if (closed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
