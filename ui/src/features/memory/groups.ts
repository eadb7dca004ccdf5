// What was learned, put in order for reading.
import type { Learned } from "../../gen/Learned";

export const KINDS = ["sender", "list", "domain", "thread", "word", "other"] as const;
export type Kind = (typeof KINDS)[number];

/** What a key is about: `sender:ana@firm.example` is about a sender called `ana@firm.example`. */
export function about(key: string): { kind: Kind; name: string } {
  const at = key.indexOf(":");
  const kind = KINDS.find((kind) => kind === key.slice(0, at));
  return kind && at > 0 ? { kind, name: key.slice(at + 1) } : { kind: "other", name: key };
}

export interface Group {
  kind: Kind;
  learned: Learned[];
}

/** By what it is about; within that, pinned first, then as the engine gives it. Without groups that hold nothing. */
export function groups(learned: Learned[], search: string): Group[] {
  const wanted = search.trim().toLowerCase();
  const found = wanted ? learned.filter((each) => about(each.key).name.toLowerCase().includes(wanted)) : learned;
  return KINDS.map((kind) => {
    const of = found.filter((each) => about(each.key).kind === kind);
    return { kind, learned: [...of.filter((each) => each.pinned), ...of.filter((each) => !each.pinned)] };
  }).filter((group) => group.learned.length > 0);
}
