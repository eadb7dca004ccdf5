// The rules as they are stored, the draft that is worked on, and what the engine says that it would do.
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { Rule } from "../gen/Rule";
import { ask } from "../host";
import { keys } from "./engine";

export function useRules() {
  return useQuery({ queryKey: keys.rules, queryFn: () => ask({ kind: "rules" }), staleTime: 0 });
}

/** What is worked on. It outlives the page, so that looking at something else loses nothing. */
export interface Draft {
  /** The whole list; `null` as long as it is as stored. */
  rules: Rule[] | null;
  /** The rule that is open in the form. */
  open: number | null;
}

const NONE: Draft = { rules: null, open: null };

interface Kept {
  draft: Draft;
  ears: Set<() => void>;
}

// Beside the cache of answers, whose changes are told a moment later: a field whose text comes back later than it was
// typed loses its cursor.
const drafts = new WeakMap<QueryClient, Kept>();

function keptBy(client: QueryClient): Kept {
  const kept = drafts.get(client) ?? { draft: NONE, ears: new Set() };
  drafts.set(client, kept);
  return kept;
}

export function changeDraft(client: QueryClient, change: (draft: Draft) => Draft) {
  const kept = keptBy(client);
  kept.draft = change(kept.draft);
  for (const ear of kept.ears) ear();
}

export function useRulesDraft(): [Draft, (change: (draft: Draft) => Draft) => void] {
  const client = useQueryClient();
  const listen = useCallback(
    (ear: () => void) => {
      const { ears } = keptBy(client);
      ears.add(ear);
      return () => void ears.delete(ear);
    },
    [client],
  );
  const draft = useSyncExternalStore(listen, () => keptBy(client).draft);
  const set = useCallback((change: (draft: Draft) => Draft) => changeDraft(client, change), [client]);
  return [draft, set];
}

/** Replaces the stored rules, and gives them as they are then, with their numbers. */
export async function storeRules(client: QueryClient, rules: Rule[]): Promise<Rule[]> {
  const view = await ask({ kind: "set-rules", rules });
  client.setQueryData(keys.rules, view);
  void client.invalidateQueries({ queryKey: keys.traces });
  return view.rules;
}

/** How long typing must rest before the engine is asked, in milliseconds. */
export const REST = 150;

/** The value as it was when it last rested. The first one is taken at once. */
function useRested<T>(value: T | undefined, rest: number): T | undefined {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const end = setTimeout(() => setRested(value), rest);
    return () => clearTimeout(end);
  }, [value, rest]);
  return rested === undefined ? value : rested;
}

/**
 * What the rules would do, asked again when they change. Only the answer to what rested last is shown: an older one
 * that comes later is nobody's. Until it is there, `data` is the answer before, and `current` is false.
 *
 * `since` is when the stored rules last changed: the answer compares with them.
 */
export function usePreview(rules: Rule[] | undefined, examples: number, since: number) {
  const rested = useRested(rules, REST);
  const query = useQuery({
    queryKey: [...keys.preview, JSON.stringify(rested), examples, since],
    queryFn: () => ask({ kind: "preview-rules", rules: rested ?? [], examples }),
    enabled: rested !== undefined,
    placeholderData: (before) => before,
    gcTime: 0,
  });
  return { ...query, current: rested === rules && !query.isPlaceholderData && query.data !== undefined };
}

/** How each rule was heard about a message; asked when `wanted`. */
export function useTrace(id: number, wanted: boolean) {
  return useQuery({ queryKey: keys.trace(id), queryFn: () => ask({ kind: "trace-rules", id }), enabled: wanted, staleTime: 0, gcTime: 0 });
}
