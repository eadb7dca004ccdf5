// One registry of keys: what listens, and what the help shows, are drawn from it.
import type { Label } from "../gen/Label";

export const LANES: Label[] = ["urgent", "task", "needs-human", "notification"];

export type Command =
  | "next"
  | "previous"
  | "open"
  | "close"
  | "label-1"
  | "label-2"
  | "label-3"
  | "label-4"
  | "undo"
  | "search"
  | "help"
  | "next-lane"
  | "previous-lane"
  | "formatted"
  | "sync";

export interface Key {
  /** As in `KeyboardEvent.key`. */
  keys: string[];
  shift?: boolean;
  command: Command;
}

export const KEYS: Key[] = [
  { keys: ["j", "ArrowDown"], command: "next" },
  { keys: ["k", "ArrowUp"], command: "previous" },
  { keys: ["Enter", "o"], command: "open" },
  { keys: ["Escape"], command: "close" },
  { keys: ["1"], command: "label-1" },
  { keys: ["2"], command: "label-2" },
  { keys: ["3"], command: "label-3" },
  { keys: ["4"], command: "label-4" },
  { keys: ["u"], command: "undo" },
  { keys: ["/"], command: "search" },
  { keys: ["]", "l"], command: "next-lane" },
  { keys: ["[", "h"], command: "previous-lane" },
  { keys: ["f"], command: "formatted" },
  { keys: ["r"], command: "sync" },
  { keys: ["?"], command: "help" },
];

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  target: EventTarget | null;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** The command of a pressed key; none while the user types, except to leave the field. */
export function commandOf(event: Pressed): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const found = KEYS.find((key) => key.keys.includes(event.key));
  if (!found) return null;
  if (isTyping(event.target)) return found.command === "close" ? "close" : null;
  // A focused button has its own meaning of Enter.
  if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return null;
  return found.command;
}

export function labelOf(command: Command): Label | null {
  const match = /^label-([1-4])$/.exec(command);
  return match ? (LANES[Number(match[1]) - 1] ?? null) : null;
}
