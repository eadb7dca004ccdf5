// One registry of keys: what listens, and what the help shows, are drawn from it.
import type { Label } from "../gen/Label";
import type { PageName } from "../model/place";

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
  | "sync"
  | "like"
  | "make-rule"
  | "always"
  | "rule-up"
  | "rule-down"
  | "go-mail"
  | `go-${PageName}`;

export interface Key {
  /** As in `KeyboardEvent.key`, with `Alt+` where that is held; several with blanks between them are pressed one after
   * another. */
  keys: string[];
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
  { keys: ["m"], command: "like" },
  { keys: ["n"], command: "make-rule" },
  { keys: ["a"], command: "always" },
  { keys: ["Alt+ArrowUp"], command: "rule-up" },
  { keys: ["Alt+ArrowDown"], command: "rule-down" },
  { keys: ["g i"], command: "go-mail" },
  { keys: ["g u"], command: "go-rules" },
  { keys: ["g r"], command: "go-relabel" },
  { keys: ["g h"], command: "go-history" },
  { keys: ["g m"], command: "go-memory" },
  { keys: ["g a"], command: "go-accuracy" },
  { keys: ["g l"], command: "go-models" },
  { keys: ["g s"], command: "go-settings" },
  { keys: ["?"], command: "help" },
];

/** What begins a sequence of two keys. */
const FIRST = new Set(KEYS.flatMap((key) => key.keys).flatMap((keys) => (keys.includes(" ") ? [keys.split(" ")[0]] : [])));

/** How long the second key of a sequence is waited for, in milliseconds. */
export const SECOND_WITHIN = 1500;

interface Pressed {
  key: string;
  /** Which key of the keyboard it is, whatever stands on it: as in `KeyboardEvent.code`. */
  code?: string;
  shiftKey?: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  target: EventTarget | null;
}

/**
 * The key as the registry names it. Keyboards of other scripts have no Latin letters, and some (French, Thai) give
 * digits only with Shift: there the place of the key counts.
 */
export function keyOf({ key, code = "", shiftKey = false }: Pick<Pressed, "key" | "code" | "shiftKey">): string {
  const [, digit] = /^Digit([1-4])$/.exec(code) ?? [];
  if (digit && !shiftKey) return digit;
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  const foreign = /^[^\p{ASCII}]+$/u.test(key);
  return letter && foreign && !shiftKey ? letter.toLowerCase() : key;
}

/** Inputs that take no text: keys mean there what they mean elsewhere. */
const NO_TEXT = ["checkbox", "radio", "button", "submit", "range"];

/** Whether keys are text there. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !NO_TEXT.includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

const isModified = (event: Pressed) => event.ctrlKey || event.metaKey || event.altKey;

/** Whether the key begins a sequence: then the next one is asked about together with it. */
export function isFirst(event: Pressed): boolean {
  return !isModified(event) && !isTyping(event.target) && FIRST.has(keyOf(event));
}

/** The command of a pressed key, after `first` if that began a sequence; none while the user types, except to leave. */
export function commandOf(event: Pressed, first = ""): Command | null {
  if (event.ctrlKey || event.metaKey) return null;
  const key = keyOf(event);
  const pressed = event.altKey ? `Alt+${key}` : first ? `${first} ${key}` : key;
  const found = KEYS.find((key) => key.keys.includes(pressed));
  if (!found) return null;
  if (isTyping(event.target)) return found.command === "close" ? "close" : null;
  // What has the focus has its own meaning of Enter.
  if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.matches("button, input, summary, a")) {
    return null;
  }
  return found.command;
}

export function labelOf(command: Command): Label | null {
  const match = /^label-([1-4])$/.exec(command);
  return match ? (LANES[Number(match[1]) - 1] ?? null) : null;
}
