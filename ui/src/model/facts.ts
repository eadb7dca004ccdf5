// What code found in the open message, and where its words stand in the text that is shown.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Facts } from "../gen/Facts";
import type { Row } from "../gen/Row";
import { ask } from "../host";

/** Seconds that the reader's clock was ahead of UTC at an instant, given in seconds since 1970. */
export function offsetAt(seconds: number): number {
  // JavaScript counts minutes, and the other way round.
  return -60 * new Date(seconds * 1000).getTimezoneOffset() || 0;
}

/** How long a message waits for its facts before it is shown with their place held free, in milliseconds. */
export const PATIENCE = 250;

export interface Found {
  /** `undefined` while it is asked for, or if that failed. */
  facts?: Facts;
  error?: unknown;
  /** Nothing has come yet, and it has taken so long that the message should be shown without. */
  late: boolean;
  /** There is an answer, or none will come. */
  settled: boolean;
  again: () => void;
}

/** Asked for the open message alone; what is asked of the reader depends on whether it is a notification. */
export function useFacts(row: Row | undefined): Found {
  const id = row?.id ?? 0;
  const query = useQuery({
    queryKey: ["facts", id, row?.lane === "notification"],
    enabled: row !== undefined,
    queryFn: () => ask({ kind: "facts", id, offset: offsetAt(row?.received ?? 0) }),
    // Of another message nothing is shown, not even for a moment.
    placeholderData: (before, of) => (of?.queryKey[1] === id ? before : undefined),
  });
  const [lateFor, setLateFor] = useState<number | null>(null);
  const { isPending } = query;
  useEffect(() => {
    if (!isPending || id === 0) return;
    const end = setTimeout(() => setLateFor(id), PATIENCE);
    return () => clearTimeout(end);
  }, [id, isPending]);
  return {
    facts: query.data,
    error: query.error ?? undefined,
    late: lateFor === id && id !== 0,
    settled: !isPending,
    again: () => void query.refetch(),
  };
}

/** The index of the character at which so many bytes of UTF-8 lie behind. */
function indexOfByte(text: string, bytes: number): number {
  let passed = 0;
  let index = 0;
  for (const character of text) {
    if (passed >= bytes) break;
    const code = character.codePointAt(0) ?? 0;
    passed += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    index += character.length;
  }
  return index;
}

/**
 * From where to where words stand in a text; `null` if they do not. The text may hold more than the one that they were
 * quoted from (quotes, a signature), and break lines elsewhere: so the words are looked for, and of several places the
 * one nearest to `start`, a count of bytes, is taken.
 */
export function placeOf(text: string, words: string, start: number): [number, number] | null {
  const parts = words.trim().split(/\s+/).filter(Boolean);
  if (parts.length === 0) return null;
  const pattern = new RegExp(parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("\\s+"), "g");
  const wanted = indexOfByte(text, start);
  let best: [number, number] | null = null;
  for (const found of text.matchAll(pattern)) {
    const place: [number, number] = [found.index, found.index + found[0].length];
    if (best && Math.abs(place[0] - wanted) >= Math.abs(best[0] - wanted)) break;
    best = place;
  }
  return best;
}
