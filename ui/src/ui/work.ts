import { useCallback, useState } from "react";
import { failureOf } from "../host";

export interface Work {
  busy: boolean;
  /** What failed last, in a sentence; empty if nothing did. */
  error: string;
  /** Does it, and keeps what failed. Gives whether it was done. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** One thing at a time that the user has asked for, and what became of it. */
export function useWork(): Work {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError("");
    try {
      await work();
      return true;
    } catch (failure) {
      setError(failureOf(failure).message);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}
