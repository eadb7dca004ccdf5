import { useCallback, useRef, useState } from "react";
import { failureOf } from "../host";

export interface Work {
  busy: boolean;
  /** What failed last, in a sentence; empty if nothing did. */
  error: string;
  /**
   * Does it after what was begun before, and keeps what failed. Gives whether it was done. What is under way under the
   * same name is not begun twice: so a button need not be disabled meanwhile, which would take the focus from it.
   */
  run: (work: () => Promise<unknown>, name?: string) => Promise<boolean>;
}

/** What the user has asked for, one after another, and what became of it. */
export function useWork(): Work {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const names = useRef(new Set<string>());
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const run = useCallback(async (work: () => Promise<unknown>, name = "") => {
    if (names.current.has(name)) return false;
    names.current.add(name);
    setBusy(true);
    const before = last.current;
    const done = (async () => {
      await before;
      setError("");
      try {
        await work();
        return true;
      } catch (failure) {
        setError(failureOf(failure).message);
        return false;
      } finally {
        names.current.delete(name);
        setBusy(names.current.size > 0);
      }
    })();
    last.current = done;
    return done;
  }, []);
  return { busy, error, run };
}
